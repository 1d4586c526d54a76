#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Calls over TCP from end to end: many calls in one connection, and one connection for each call.
# No state is kept: responses find the connection by our Via.
#
#   SIPp caller 10.1.0.1 ==TCP== out0 viaduct in0 ==TCP== 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
LAB_TRANSPORTS=tcp lab_config </dev/null
viaduct_start
sipp_servers 4 call_uas -t t1
sipp_calls one "$CALLER4" "$OUT4" call_uac 200 100 -d 300 -t t1 || true
assert_calls one 200
sipp_calls many "$CALLER4" "$OUT4" call_uac 200 100 -d 300 -t tn -max_socket 500 || true
assert_calls many 200
assert_eq "$(lab_counter crossed)" 0 "messages that needed a transaction"
assert_ge "$(lab_counter rx_stream_messages)" 2800 "messages by TCP"
lab_balance
sipp_servers_stop
viaduct_stop
