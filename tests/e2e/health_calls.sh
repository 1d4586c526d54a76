#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Real servers, probed: one is killed, and once the probes have found out no call goes there and
# every call completes; it comes back, and has its part of the calls again. Then the wire to one
# goes dead.
#
#   SIPp caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_config </dev/null
sed -i 's/^  - name: core/&\n    probe: {interval: 200ms, timeout: 200ms, rise: 2, fall: 2}/' \
	"$LAB_DIR/viaduct.yaml"

# backend N KEY: what the control socket says of backend core-N.
backend() {
	ctl --json pool show core |
		"$PYTHON" -c 'import json, sys
print(json.load(sys.stdin)["pool"]["members"][int(sys.argv[1]) - 1][sys.argv[2]])' "$1" "$2"
}

backend_is() { [ "$(backend "$1" state)" = "$2" ]; }

# wait_for N STATE: and for the table to say so too.
wait_for() {
	wait_until 20 backend_is "$1" "$2" || fail "core-$1 is not $2: $(ctl pool show core)"
	sleep 0.2
}

# invites FILE: how many INVITEs core-2 got while it was captured.
invites() { tcpdump -r "$LAB_DIR/$1.pcap" 2>/dev/null | wc -l; }

# run NAME CALLS: calls that must all complete; what core-2 gets of them goes to NAME.pcap.
run() {
	capture "$NS_S" net0 "$LAB_DIR/$1.pcap" \
		"dst host ${SRV4[1]} and udp dst port 5060 and udp[8:4] = 0x494e5649"
	sipp_calls "$1" "$CALLER4" "$OUT4" call_uac "$2" 60
	assert_calls "$1" "$2"
	capture_stop
}

sipp_servers 4 probed_uas
viaduct_start
run before 90
assert_ge "$(invites before)" 10 "INVITEs to one of three servers"

# shellcheck disable=SC2154 # sipp_server sets it
kill -KILL "$s2_pid"
wait "$s2_pid" 2>/dev/null || true
wait_for 2 down
assert_eq "$(backend 2 cause)" probe "cause"
run without 150
assert_eq "$(invites without)" 0 "INVITEs to a server that is down"

sipp_server s2 "${SRV4[1]}" probed_uas
wait_for 2 up
run after 150
assert_ge "$(invites after)" 20 "INVITEs to a server that came back"

# Packets to it vanish: no ICMP error, no answer.
ip -n "$NS_S" route add blackhole "$IN4/32" table 77
ip -n "$NS_S" rule add from "${SRV4[2]}" table 77
wait_for 3 down
run blackhole 90
ip -n "$NS_S" rule del from "${SRV4[2]}" table 77
wait_for 3 up
viaduct_stop
