#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Ten thousand backends: the metrics are whole, and they are made as they are taken. Clients that
# stop reading half-way keep no copy of them in the proxy, and nobody else waits.
. "$(dirname "$0")/../lib/e2e.sh"
need curl promtool

lab_up
LAB_CONTROL='http: "127.0.0.1:9460"'
lab_config 4 </dev/null
"$PYTHON" - "$LAB_DIR/viaduct.yaml" <<'PYTHON'
import sys

pool = "  - name: many\n    table_size: 1000003\n    backends:\n" + "".join(
    '      - {name: b%d, address: "10.9.%d.%d:5060"}\n' % (n, n >> 8, n & 255)
    for n in range(10000))
text = open(sys.argv[1]).read().replace("routes:\n", pool + "routes:\n")
open(sys.argv[1], "w").write(text)
PYTHON
memory_exact
viaduct_start
in_proxy curl -sS --fail -m 60 http://127.0.0.1:9460/metrics >"$LAB_DIR/metrics"
promtool check metrics <"$LAB_DIR/metrics" || fail "promtool"
for family in viaduct_backend_messages_total viaduct_backend_weight viaduct_backend_share_ratio; do
	assert_eq "$(grep -c "^$family{pool=\"many\"" "$LAB_DIR/metrics")" 10000 "lines of $family"
done
assert_eq "$(sort "$LAB_DIR/metrics" | grep -v '^#' | sed 's/ [^ ]*$//' | uniq -d)" '' "lines twice"
in_proxy env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$TOP/tests/e2e" \
	"$PYTHON" - "$VIADUCT_PID" <<'PYTHON' || fail "clients that stop reading"
import socket, sys

from resident import growth, settled

def ask(path, size=None):
    s = socket.socket()
    if size:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    s.settimeout(60)
    s.connect(("127.0.0.1", 9460))
    s.sendall(b"GET %s HTTP/1.1\r\n\r\n" % path)
    return s

before = settled(sys.argv[1])
stuck = [ask(b"/metrics", 8192) for _ in range(40)]
for s in stuck:
    s.recv(20000)
more = growth(sys.argv[1], before, 40 * 512)
print("%d KiB, %d more" % (before, more))
assert more < 40 * 512, "a copy for each client"
assert ask(b"/healthz").recv(100).startswith(b"HTTP/1.1 200 ")
whole = b""
s = ask(b"/metrics")
while got := s.recv(1 << 20):
    whole += got
assert whole.count(b"\nviaduct_backend_weight{") == 10003, whole.count(b"\nviaduct_backend_weight{")
assert whole.endswith(b"\r\n0\r\n\r\n")
PYTHON
in_proxy curl -sS --fail -m 60 http://127.0.0.1:9460/pools.json |
	"$PYTHON" -c 'import json, sys
assert len(json.load(sys.stdin)["pools"][1]["members"]) == 10000' || fail "pools.json"
viaduct_stop
