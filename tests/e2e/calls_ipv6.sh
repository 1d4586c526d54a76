#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Calls over IPv6, in by one interface and out by another; every message of a call is at one server.
#
#   SIPp caller fd01::1 ---- out0 viaduct in0 ---- fd02::11, ::12, ::13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_config 6 </dev/null
viaduct_start
sipp_servers 6 call_uas
capture "$NS_S" net0 "$LAB_DIR/servers.pcap"
sipp_calls caller "$CALLER6" "$OUT6" call_uac 300 150 -d 300 || true
assert_calls caller 300
capture_stop
sipp_servers_stop
check_calls_kept "$LAB_DIR/servers.pcap" 300
viaduct_stop
