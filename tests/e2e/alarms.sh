#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Alarms out of the counters: floods of junk and of OPTIONS raise those about drops and about a busy
# worker, with thresholds that a reload has put in force; keep-alives do not count as drops; each
# is one line of the log. Alarms about pools and reloads are in http.sh.
#
#   Python 10.1.0.1 ---- out0 viaduct (127.0.0.1:9460)
. "$(dirname "$0")/../lib/e2e.sh"
need curl

raised() {
	[ "$(in_proxy curl -sS -m 5 http://127.0.0.1:9460/metrics |
		sed -n "s/^viaduct_alarm{name=\"$1\"} //p")" = 1 ]
}

# flood PAYLOAD SECONDS: as fast as it goes.
flood() {
	in_caller "$PYTHON" -c '
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    for _ in range(100):
        s.sendto(sys.argv[1].encode().decode("unicode_escape").encode(), ("10.1.0.10", 5060))
    time.sleep(0.001)' "$@"
}

lab_up
LAB_CONTROL='http: "127.0.0.1:9460"'
lab_config 4 <<<'alarms: {drops: 10000000, busy: 100}'
viaduct_start
flood 'junk' 5
! raised drops || fail "an alarm below its threshold"
sed -i 's/^alarms: .*/alarms: {drops: 50, busy: 1}/' "$LAB_DIR/viaduct.yaml"
ctl reload >/dev/null
flood '\r\n\r\n' 5
! raised drops || fail "keep-alives raised an alarm"
flood 'junk' 90 &
flood=$!
wait_until 15 raised drops || fail "no alarm about drops"
ctl --json status | "$PYTHON" -c '
import json, sys
alarms = json.load(sys.stdin)["alarms"]
assert any(a.endswith("most of them not_sip") for a in alarms), alarms'
kill $flood
options="OPTIONS sip:10.1.0.10 SIP/2.0\\r\\nVia: SIP/2.0/UDP 10.1.0.1;branch=z9hG4bK1\\r\\n"
options+='Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:10.1.0.10>\r\n'
options+='Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n'
flood "$options" 90 &
flood=$!
wait_until 15 raised busy || fail "no alarm about a busy worker"
kill $flood
assert_eq "$(grep -c 'alarm drops: ' "$LAB_DIR/viaduct.log")" 1 "lines about drops"
viaduct_stop
