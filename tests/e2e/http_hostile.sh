#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Hostile HTTP beside traffic: clients that send a byte a second, junk, endless headers and bodies,
# a thousand connections, and clients that never read. Others are answered all the while, no message
# of the traffic is lost, and afterwards memory and descriptors are what they were.
#
#   viaload ==== viaduct (127.0.0.1:9460) ---- http_hostile.py in its namespace
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/_viaload.sh"
need curl

viaload_lab
LAB_CONTROL='http: "127.0.0.1:9460"'
lab_config 4 </dev/null
memory_exact
viaduct_start
read -ra sides <<<"$(viaload_sides 4)"
viaload_run traffic 0 "${sides[@]}" --rate 500 --time 45 --warm-up 0.5 call &
traffic=$!
in_proxy env PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$TOP/tests/e2e/http_hostile.py" \
	127.0.0.1 9460 "$VIADUCT_PID" || fail "hostile clients"
wait $traffic
assert_eq "$(found traffic result.counters.lost)" 0 "messages lost beside hostile clients"
assert_eq "$(found traffic verdict.wrong)" 0 "wrong ones"
assert_eq "$(in_proxy curl -sS --fail -m 5 http://127.0.0.1:9460/healthz)" ok "the verdict after it"
viaduct_stop
