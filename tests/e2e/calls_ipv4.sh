#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Calls over IPv4, in by one interface and out by another; every message of a call is at one
# server, ACK and BYE too.
#
#   SIPp caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_config </dev/null
viaduct_start
sipp_servers 4 call_uas
capture "$NS_S" net0 "$LAB_DIR/servers.pcap"
sipp_calls caller "$CALLER4" "$OUT4" call_uac 300 150 -d 300 || true
assert_calls caller 300
capture_stop
sipp_servers_stop
check_calls_kept "$LAB_DIR/servers.pcap" 300
viaduct_stop
