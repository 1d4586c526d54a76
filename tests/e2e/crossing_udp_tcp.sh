#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# UDP callers, TCP servers: every kind of call crosses (RFC 3261 16.1) and leaves nothing behind
# but what its timers keep.
#
#   SIPp caller 10.1.0.1 --UDP-- out0 viaduct in0 ==TCP== 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/crossing.sh"
need sipp

lab_up
LAB_TRANSPORTS=tcp lab_config </dev/null
viaduct_start
crossing_calls udp u1 t1
# A caller that is cancelled, or refused, is acknowledged by us, once for each call.
assert_eq "$(crossing_count acks)" 100 "ACKs of ours"
assert_eq "$(crossing_count cancels)" 50 "CANCELs of ours"
assert_eq "$(sipp_stat udp-busy 'Retransmissions(C)')" 0 "retransmissions of callers"
ctl transactions INVITE >"$LAB_DIR/shown"
for want in "INVITE .* $CALLER4:[0-9]+ +udp +Accepted +10\.2\.0\.1[123]:5060 +tcp +Accepted +200" \
	"[0-9]+ transactions between UDP and TCP or TLS" "acks +100$"; do
	assert_in_log "$want" "$LAB_DIR/shown"
done
lab_balance
viaduct_stop
