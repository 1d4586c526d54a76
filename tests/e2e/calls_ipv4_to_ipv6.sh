#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A caller of IPv4 and servers of IPv6: two Record-Routes (RFC 5658) keep both sides reachable.
# The caller hangs up in the first run, the callee in the second, after re-INVITEs both ways.
#
#   SIPp caller 10.1.0.1 ---- out0 viaduct in0 ---- fd02::11, ::12, ::13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_config 6 </dev/null
viaduct_start
capture "$NS_S" net0 "$LAB_DIR/servers.pcap"
sipp_servers 6 call_uas
sipp_calls caller "$CALLER4" "$OUT4" call_uac 100 100 -d 100 || true
assert_calls caller 100
sipp_servers_stop
capture_stop
check_calls_kept "$LAB_DIR/servers.pcap" 100

sipp_servers 6 reinvite_uas
sipp_calls changer "$CALLER4" "$OUT4" reinvite_uac 100 100 || true
assert_calls changer 100
viaduct_stop
