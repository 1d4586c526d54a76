#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# viaload over IPv6, with messages of one fragment and of several.
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/_viaload.sh"

viaload_lab
lab_config 6 </dev/null
viaduct_start
read -ra sides <<<"$(viaload_sides 6)"

viaload_run calls 0 "${sides[@]}" --calls 20 --max-calls 500 --warm-up 0 --repeat 10 call
calls=$(found calls result.counters.calls_started)
assert_ge "$calls" 500 "calls begun"
assert_eq "$(found calls result.counters.calls_done)" "$calls" "calls that ended as they should"
viaload_run long 0 "${sides[@]}" --calls 5 --max-calls 100 --warm-up 0 --body 9000 --vias 3 \
	call
assert_ge "$(found long result.counters.calls_done)" 100 "calls with long bodies"
viaduct_stop
assert_ge "$(proxy_counted frag_merged)" 600 "fragments put together by viaduct"
