#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Connections to a backend: a warm one before anybody calls, opened again when the server ends it; a
# second one when there is traffic, both used in turn; none is opened to a server that is down. And
# viactl shows them.
#
#   Python 10.1.0.1 ==TCP== out0 viaduct in0 ==2 x TCP== 10.2.0.11
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
SRV4=(10.2.0.11)
LAB_TRANSPORTS=tcp lab_config </dev/null
sed -i 's/^  - name: core$/&\n    connections: {size: 2, warm: 1}/' "$LAB_DIR/viaduct.yaml"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$TOP/tests/e2e "$PYTHON" -u - "$VIACTL" \
	>"$LAB_DIR/python.log" 2>&1 <<'PYTHON' &
from siplab import *
import json, os, re, subprocess, sys, time


def run(*words):
    socket = os.environ["LAB_DIR"] + "/control.sock"
    return subprocess.run(
        [sys.argv[1], "--socket", socket, *words], check=True, capture_output=True, text=True
    ).stdout


def viactl(*words):
    return json.loads(run("--json", *words))


server = TcpServer(NS_S, SERVERS[4][0])
print("listens", flush=True)
first = server.accept(20)
check(first is not None, "a warm connection")
equal(first.sock.getpeername()[0], IN[4], "its source")
first.close()
first = server.accept(5)
check(first is not None, "it is opened again")
check(server.accept(1.5) is None, "and no more than that")

caller = Stream.connect(NS_C, CALLER[4], (OUT[4], 5060))
both = [first]
for i in range(8):
    via = "SIP/2.0/TCP %s:%d;branch=%s" % (CALLER[4], caller.port, branch())
    caller.send(request("MESSAGE", via=[via]))
    if i == 0:
        both.append(server.accept(5))
        check(both[1] is not None, "a second one with the traffic")
        time.sleep(0.3)
seen = [0, 0]
end = time.monotonic() + 5
while sum(seen) < 8 and time.monotonic() < end:
    for k in 0, 1:
        got = both[k].message(0.1)
        if got is None:
            continue
        seen[k] += 1
        both[k].send(response(got))
        equal(caller.message().status, 200, "response")
equal(sum(seen), 8, "requests at the server")
check(min(seen) >= 3, "requests by each connection: %s" % seen)

shown = viactl("connections")
equal(shown["total"], 3, "connections")
for c in shown["connections"]:
    check(c["transport"] == "tcp" and c["state"] == "open" and len(c["connection"]) == 16, str(c))
out = [c for c in shown["connections"] if c["direction"] == "out"]
equal(sorted(c["messages_out"] for c in out), sorted(seen), "messages by each")
equal({c["peer"] for c in out}, {"%s:5060" % SERVERS[4][0]}, "peers")
equal({c["listener"] for c in out}, {"%s:5060" % IN[4]}, "in the name of")
mine = viactl("connections", "%s:%d" % (CALLER[4], caller.port))
equal((mine["matching"], mine["total"]), (1, 3), "matching the caller")
equal(mine["connections"][0]["messages_in"], 8, "messages of the caller")
equal(mine["connections"][0]["direction"], "in", "direction")
row = r"(?m)^%s:5060 +out +%s:5060 +tcp " % (SERVERS[4][0], IN[4])
check(len(re.findall(row, run("connections"))) == 2, run("connections"))

viactl("backend", "set", "core", "core-1", "state=down")
for s in both:
    s.close()
check(server.accept(2.5) is None, "nothing is opened to a server that is down")
viactl("backend", "set", "core", "core-1", "state=up")
check(server.accept(5) is not None, "and again when it is up")
PYTHON
python=$!
wait_until 10 grep -q listens "$LAB_DIR/python.log" || fail "$(cat "$LAB_DIR/python.log")"
viaduct_start
wait "$python" || fail "$(cat "$LAB_DIR/python.log")"
viaduct_stop
