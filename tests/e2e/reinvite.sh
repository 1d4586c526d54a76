#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Calls renegotiated by both sides and ended by the callee: the Route set works in both
# directions, and no message of a call strays to another server.
#
#   SIPp caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_config </dev/null
viaduct_start
sipp_servers 4 reinvite_uas
capture "$NS_S" net0 "$LAB_DIR/servers.pcap"
sipp_calls caller "$CALLER4" "$OUT4" reinvite_uac 100 100 || true
assert_calls caller 100
capture_stop
check_calls_kept "$LAB_DIR/servers.pcap" 100
viaduct_stop
