#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The status page in Chromium, beside calls: it shows what the control socket says, sorts, filters
# and folds by mouse and keyboard, follows changes, fits a phone, says when the proxy is gone, and
# asks for nothing from elsewhere.
#
#   viaload ==== viaduct (127.0.0.1:9460) ---- Chromium in its namespace
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/_viaload.sh"
need chromium curl

viaload_lab
LAB_CONTROL='http: "127.0.0.1:9460"'
lab_config 4 </dev/null
# A second pool: 40 servers, ten of them standby.
"$PYTHON" - "$LAB_DIR/viaduct.yaml" <<'PYTHON'
import sys

pool = "  - name: media\n    backends:\n" + "".join(
    '      - {name: m%d, address: "10.2.1.%d:5060", tier: %d}\n' % (n, n, n > 30)
    for n in range(1, 41))
text = open(sys.argv[1]).read().replace("routes:\n", pool + "routes:\n")
open(sys.argv[1], "w").write(text)
PYTHON
viaduct_start
read -ra sides <<<"$(viaload_sides 4)"
# Its servers are taken down on the way, so its own verdict is not the question.
in_servers timeout 60 "$VIALOAD" --no-huge --domain example.com "${sides[@]}" --rate 300 --time 50 \
	call >"$LAB_DIR/traffic.out" 2>&1 &
traffic=$!
sleep 2
printf '%s' '<img src=x onerror=alert(1)> SIP/2.0' |
	in_servers timeout 5 "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(sys.stdin.buffer.read(), ("10.1.0.10", 5060))'
in_proxy env PYTHONDONTWRITEBYTECODE=1 LAB_PICTURES="${LAB_PICTURES:-}" \
	"$PYTHON" "$TOP/tests/e2e/status_page.py" "$VIACTL" "$LAB_DIR/control.sock" \
	"$VIADUCT_PID" ||
	fail "the status page"
kill $traffic 2>/dev/null || true
wait "$VIADUCT_PID" || fail "exit status of viaduct"
