#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# TCP callers, UDP servers: every kind of call crosses (RFC 3261 16.1), over one connection and over
# one for each call, and leaves nothing behind but what its timers keep.
#
#   SIPp caller 10.1.0.1 ==TCP== out0 viaduct in0 --UDP-- 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/crossing.sh"
need sipp

lab_up
lab_config </dev/null
viaduct_start
crossing_calls one t1 u1
assert_eq "$(crossing_count acks)" 100 "ACKs of ours"
assert_eq "$(crossing_count cancels)" 50 "CANCELs of ours"
crossing_calls many tn u1
assert_eq "$(crossing_count acks)" 200 "ACKs of ours"
lab_balance
viaduct_stop
