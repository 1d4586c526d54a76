#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# CANCEL and the ACK to the 487 reach the server of their INVITE, with its branch (RFC 3261 16.11).
#
#   SIPp caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_config </dev/null
viaduct_start
sipp_servers 4 cancel_uas
capture "$NS_S" net0 "$LAB_DIR/servers.pcap"
sipp_calls caller "$CALLER4" "$OUT4" cancel_uac 100 100 || true
assert_calls caller 100
capture_stop
sipp_servers_stop
for server in s1 s2 s3; do
	assert_eq "$(sipp_stat $server 'FailedCall(C)')" 0 "calls that failed at $server"
done
check_calls_kept "$LAB_DIR/servers.pcap" 100
viaduct_stop
