#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Calls that change between UDP and TCP on their way, in both directions: transactions of the
# control thread join the two sides (RFC 3261 16.1). All of them end: none is left in the end.
#
#   SIPp callers 10.1.0.1 ==TCP== out0 viaduct in0 --UDP-- 10.2.0.11, .12, .13 SIPp servers
#   SIPp callers 10.1.0.1 --UDP-- out0 viaduct in0 ==TCP== 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_config </dev/null
viaduct_start
sipp_servers 4 call_uas
sipp_calls tcp "$CALLER4" "$OUT4" call_uac 200 100 -d 300 -t t1 || true
assert_calls tcp 200
# INVITE and its two responses, BYE and its one: the 100 stays with the transaction, and the ACK has
# none.
assert_eq "$(lab_counter crossed)" 1000 "messages that crossed"
sipp_servers_stop
viaduct_stop

LAB_TRANSPORTS=tcp lab_config </dev/null
viaduct_start
sipp_servers 4 call_uas -t t1
sipp_calls udp "$CALLER4" "$OUT4" call_uac 200 100 -d 300 || true
assert_calls udp 200
assert_eq "$(sipp_stat udp 'Retransmissions(C)')" 0 "retransmissions of callers"
assert_eq "$(lab_counter crossed)" 1000 "messages that crossed"
lab_balance
sipp_servers_stop
viaduct_stop
