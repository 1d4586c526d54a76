#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two workers share each interface by queue pairs: the same calls, each at one server, whichever
# worker a message meets.
#
#   SIPp callers 10.1.0.1 ---- out0 viaduct (2 workers) in0 ---- 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_config 4 <<<"workers: 2"
viaduct_start
sipp_servers 4 call_uas
capture "$NS_S" net0 "$LAB_DIR/servers.pcap"
sipp_calls first "$CALLER4" "$OUT4" call_uac 150 100 -d 200 -p 5061 &
sipp_calls second "$CALLER4" "$OUT4" call_uac 150 100 -d 200 -p 5062 || true
wait $! || true
assert_calls first 150
assert_calls second 150
capture_stop
sipp_servers_stop
check_calls_kept "$LAB_DIR/servers.pcap" 300
viaduct_stop
