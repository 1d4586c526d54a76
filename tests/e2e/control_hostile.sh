#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Clients of the control socket that mean no good, while calls run: a thousand connections, a line
# without an end, half a line, junk, deep nesting, one that never reads. No call notices, the proxy
# neither grows nor burns its core, and an operator gets an answer all the while.
#
#   caller ---- out0 viaduct in0 ---- servers 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
sipp_servers 4 call_uas
memory_exact
viaduct_start

# cpu: clock ticks of its main thread. idle: it used less than half of its core for two seconds.
cpu() { awk '{ print $14 + $15 }' "/proc/$VIADUCT_PID/task/$VIADUCT_PID/stat"; }
idle() {
	local used
	used=$(cpu)
	sleep 2
	[ $(($(cpu) - used)) -lt 100 ]
}

before=$(memory)
sipp_calls_begin uac "$CALLER4" "$OUT4" call_uac 40

"$PYTHON" - "$LAB_DIR/control.sock" <<'PYTHON' || exit 1
import json, random, socket, sys, time

path = sys.argv[1]
STATUS = b'{"jsonrpc":"2.0","id":1,"method":"status"}\n'


def client():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(path)
    s.settimeout(30)
    return s


def until_closed(s):
    got = b""
    try:
        while True:
            more = s.recv(65536)
            if not more:
                break
            got += more
    except ConnectionError:
        pass
    return got


def operator(where):
    """A well-behaved client gets its answer, in a crowd once a quiet one made room."""
    begin = time.monotonic()
    while True:
        s = client()
        try:
            s.sendall(STATUS)
        except BrokenPipeError:
            pass  # what it was told before is still to be read
        line = s.makefile("rb").readline()
        s.close()
        if "result" in json.loads(line):
            break
        assert b"too many clients" in line, (where, line)
        assert time.monotonic() - begin < 60, where
        time.sleep(0.2)


# A line without an end: refused at 1 MiB, not read on.
s = client()
sent = 0
try:
    while sent < 1 << 30:
        sent += s.send(b"x" * 65536)
except (BrokenPipeError, ConnectionResetError):
    pass
assert sent < 8 << 20, "%d bytes of one line were taken" % sent
operator("after a long line")

# Junk, deep nesting, huge numbers, many empty lines.
random.seed(7)
for junk in (bytes(random.randrange(256) for _ in range(50000)) + b"\n", b"[" * 1000000 + b"\n",
             b'{"a":' * 100000 + b"\n", b"\n" * 500000, b'{"jsonrpc":"2.0","id":1e99999}\n',
             b'{"jsonrpc":"2.0","id":1,"method":"status","params":{"' + b"a" * 900000 + b'":1}}\n',
             b"[" + b"1," * 400000 + b"1]\n", b"\xff\xfe\x00{}\n" * 1000):
    s = client()
    try:
        s.sendall(junk)
        s.shutdown(socket.SHUT_WR)
    except (BrokenPipeError, ConnectionResetError):
        pass
    for line in until_closed(s).splitlines():
        assert "error" in json.loads(line), line
    s.close()
operator("after junk")

# One that never reads: it is not answered for ever.
mute = client()
mute.setblocking(False)
sent = 0
end = time.monotonic() + 3
while time.monotonic() < end:
    try:
        sent += mute.send(STATUS * 100)
    except BlockingIOError:
        time.sleep(0.01)
assert sent < 8 << 20, "%d bytes of requests were taken without a reader" % sent
operator("beside one that never reads")

# Half a line from many, and a thousand connections.
crowd = []
for n in range(1000):
    s = client()
    crowd.append(s)
    if n % 2:
        try:
            s.send(STATUS[:20])
        except (BrokenPipeError, ConnectionResetError):
            pass
for s in crowd:
    s.setblocking(False)
inside, refused, end = set(crowd), 0, time.monotonic() + 30
while len(inside) > 64 and time.monotonic() < end:
    for s in list(inside):
        try:
            got = s.recv(4096)
            refused += b"too many clients" in got
        except BlockingIOError:
            continue
        except ConnectionError:
            got = b""
        if not got:
            inside.remove(s)
assert len(inside) <= 64, "%d clients at once" % len(inside)
assert refused > 400, "only %d of a crowd were refused" % refused
print("of a thousand %d were refused, %d are inside" % (refused, len(inside)))
# Of those inside, the quiet ones make room after a while.
operator("in a crowd")
for s in crowd:
    s.close()
mute.close()
operator("after the crowd")
PYTHON

wait_until 10 idle || fail "the control thread burns its core"
wait_until 30 memory_near "$before" || fail "grown from $before to $(memory) KiB"
sipp_calls_end uac 300
# Each INVITE went by the table, once if none was sent again.
messages=$(ctl --json pools | grep -o '"messages": [0-9]*' | awk '{ n += $2 } END { print n }')
assert_ge "$messages" "$(sipp_stat uac TotalCallCreated)" "messages that went by the table"
assert_in_log 'uid 0, pid [0-9]+ closed: a line longer than 1 MiB' "$LAB_DIR/viaduct.log"
lines=$(grep -c 'control socket' "$LAB_DIR/viaduct.log")
[ "$lines" -lt 60 ] || fail "$lines log lines about clients"
viaduct_stop
