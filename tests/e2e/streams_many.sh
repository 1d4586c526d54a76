#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Twenty thousand idle TCP connections, or as many as there may be file descriptors: they cost
# little memory, each of them still works, others are served meanwhile, and when they go all that
# they took comes back.
#
#   Python 10.1.0.1 ==20,000 TCP== out0 viaduct in0 ---- 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_config 4 <<'YAML'
streams: {max_connections: 30000, max_per_source: 30000}
YAML
hard=$(ulimit -Hn)
ulimit -Sn "$hard"
many=20000 # an eighth of what files allow is for connections that the proxy opens
[ "$hard" = unlimited ] || [ "$hard" -gt 25000 ] || many=$(((hard - 1024) * 7 / 8 - 100))
memory_exact
viaduct_start
sipp_servers 4 call_uas
check_python "$VIADUCT_PID" "$many" "$VIACTL" <<'PYTHON'
from siplab import *
import json, os, subprocess, sys, time

from resident import growth, settled

pid, many, viactl = sys.argv[1], int(sys.argv[2]), sys.argv[3]
PARTS = 4  # processes, each with file descriptors of its own


def total():
    socket = os.environ["LAB_DIR"] + "/control.sock"
    words = [viactl, "--socket", socket, "--json", "connections", "--count", "1"]
    return json.loads(subprocess.run(words, check=True, capture_output=True).stdout)["total"]


def until(wanted, wait=90):
    end = time.monotonic() + wait
    while total() != wanted and time.monotonic() < end:
        time.sleep(0.2)
    equal(total(), wanted, "connections")


def ask(s):
    via = "SIP/2.0/TCP %s:%d;branch=%s" % (host(CALLER[4]), s.port, branch())
    s.send(request("OPTIONS", "sip:%s" % host(OUT[4]), via=[via]))


def part(n, orders, done):
    streams = [Stream.connect(NS_C, CALLER[4], (OUT[4], 5060)) for _ in range(n)]
    os.write(done, b"1")
    os.read(orders, 1)
    for s in streams[:: max(1, n // 100)]:
        ask(s)  # no select() beyond 1024 descriptors, so no message()
        got = s.sock.recv(65536)
        check(got.startswith(b"SIP/2.0 200 "), "OPTIONS by a connection that was idle")
    os.write(done, b"2")
    os.read(orders, 1)
    os._exit(0)


before = settled(pid)
parts = []
for i in range(PARTS):
    orders, order = os.pipe()
    done, say = os.pipe()
    if os.fork() == 0:
        part(many // PARTS, orders, say)
    os.close(say)  # a part that fails is heard of
    parts.append((order, done))


def each(what):
    for order, done in parts:
        equal(os.read(done, 1), what, "part %s" % what.decode())


each(b"1")
until(many // PARTS * PARTS)
grown = (settled(pid) - before) * 1024 // many
print("%d connections, %d bytes of memory each" % (many, grown))
check(grown < 4096, "%d bytes for each connection" % grown)
for order, done in parts:
    os.write(order, b"1")
each(b"2")
call = udp(NS_C, CALLER[4])
via = "SIP/2.0/UDP %s:%d;branch=%s" % (host(CALLER[4]), call.getsockname()[1], branch())
call.sendto(request("OPTIONS", "sip:%s" % host(OUT[4]), via=[via]), (OUT[4], 5060))
call.settimeout(WAIT)
check(call.recv(65535).startswith(b"SIP/2.0 200 "), "OPTIONS by UDP beside them")
for order, done in parts:
    os.write(order, b"2")
until(0)
back = growth(pid, before, 4096)
check(back < 4096, "%d KiB are left of connections that went" % back)
PYTHON
sipp_calls caller "$CALLER4" "$OUT4" call_uac 100 100
assert_calls caller 100
viaduct_stop
