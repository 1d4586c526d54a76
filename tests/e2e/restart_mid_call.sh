#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# viaduct dies in the middle of calls (SIGKILL) and comes back with the same secret: no call fails
# and none changes its server, since nothing about a call was in its memory. What was on the wire
# meanwhile is repeated by the callers.
#
#   SIPp caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_config </dev/null
viaduct_start
# A restart may take seconds: the answer to a BYE is repeated for as long as timer J asks (17.2.2),
# and a BYE may overtake the ACK, which is asked for again when the wire is back (13.3.1.4).
sed -e 's/timewait milliseconds="500"/timewait milliseconds="32000"/' \
	-e 's|<recv request="ACK"/>|<recv request="ACK" optional="true"/>|' \
	"$SIPP_DIR/call_uas.xml" >"$LAB_DIR/patient_uas.xml"
SIPP_DIR=$LAB_DIR sipp_servers 4 patient_uas -max_retrans 8
capture "$NS_S" net0 "$LAB_DIR/servers.pcap"
sipp_calls caller "$CALLER4" "$OUT4" call_uac 300 100 -d 1500 -max_retrans 8 &
calls=$!
sleep 1
viaduct_kill
viaduct_start
sleep 1
viaduct_kill
viaduct_start
wait $calls || true
assert_calls caller 300
capture_stop
check_calls_kept "$LAB_DIR/servers.pcap" 300
viaduct_stop
