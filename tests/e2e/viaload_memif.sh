#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# viaload and viaduct joined by shared memory, without a kernel between them: calls, a paced rate,
# and a search for the limit.
#
#   viaload 10.1.0.1 == memif == 10.1.0.10 viaduct 10.2.0.10 == memif == 10.2.0.11 to .13 viaload
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/_viaload.sh"

viaload_lab
viaload_config_memif
read -ra sides <<<"$(viaload_sides_memif)"
viaduct_start

viaload_run calls 0 "${sides[@]}" --calls 50 --max-calls 5000 --warm-up 0 \
	--cancel 10 --busy 10 --reinvite 10 call
calls=$(found calls result.counters.calls_started)
assert_ge "$calls" 5000 "calls begun"
assert_eq "$(found calls result.counters.calls_done)" "$calls" "calls that ended as they should"
assert_eq "$(found calls verdict.wrong)" 0 "wrong ones"
viaduct_stop
assert_eq "$(found calls result.counters.received)" "$(proxy_counted forwarded)" \
	"received, and forwarded by viaduct"

# A rate that two programs on one CPU can keep; what the machine does to it is not the question.
viaduct_start
viaload_run paced 0 "${sides[@]}" --rate 20k --time 1 --loss 0.5 mix
assert_ge "$(found paced result.counters.received)" 1000 "messages of the mix"

# The search gives the highest rate that was asked for, since that is low.
viaload_run limit 0 find-limit "${sides[@]}" --min 1k --max 4k --trial 0.2 --time 0.4 \
	--warm-up 0.1 --loss 0.1 options
assert_eq "$(found limit find_limit.rate)" 4000.0 "the limit"
assert_eq "$(found limit find_limit.limited_by)" bounds "what ended the search"
assert_eq "$(found limit find_limit.trials.0.step)" double "the first step"
viaduct_stop
