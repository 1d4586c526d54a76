#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Messages watched as they pass: filters, bounds, several at once, clients that go away; captures
# that tshark reads; and drops that leave an example.
#
#   caller 10.1.0.1 ---- out0 viaduct in0 ---- servers 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"
need tshark

lab_up
lab_config </dev/null
viaduct_start

# --- message by message -------------------------------------------------------------------------

check_python "$LAB_DIR" <<'PYTHON'
import base64
import json
import socket
import sys
import time

from siplab import *

BUSY = -32003
place = sys.argv[1]
lab = Lab()


class Trace:
    """A connection to the control socket with a trace on it."""

    def __init__(self, error=None, **params):
        answer = self.open(params)
        for _ in range(100):  # one that was just closed may not be gone yet
            if error or answer.get("error", {}).get("code") != BUSY:
                break
            time.sleep(0.02)
            self.close()
            answer = self.open(params)
        if error is None:
            check(answer.get("result", {}).get("id", 0) > 0, "trace: %s" % answer)
        else:
            check(error in answer.get("error", {}).get("message", ""), "trace: %s" % answer)

    def open(self, params):
        self.at = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.at.settimeout(5)
        self.at.connect(place + "/control.sock")
        self.lines = self.at.makefile("r", encoding="utf-8")
        return self.call("trace", **params)

    def call(self, command, **params):
        ask = {"jsonrpc": "2.0", "id": 1, "method": command, "params": params}
        self.at.sendall((json.dumps(ask) + "\n").encode())
        return json.loads(self.lines.readline())

    def next(self, method="trace.message"):
        got = json.loads(self.lines.readline())
        equal(got.get("method"), method, "notification %s" % got)
        return got["params"]

    def silent(self, what):
        self.at.settimeout(0.2)
        try:
            fail("%s: %s" % (what, self.lines.readline()))
        except socket.timeout:
            pass

    def close(self):
        self.lines.close()
        self.at.close()


# Both sides of both directions, to the byte.
t = Trace(method="INVITE", count=2)
raw = request("INVITE")
server, got = lab.forwarded(raw)
m = t.next()
equal(base64.b64decode(m["base64"]), raw, "bytes as received")
equal(base64.b64decode(m["out_base64"]), got.raw, "bytes as sent")
equal(m["message"].encode(), raw, "text of the message")
equal(m["source"], "10.1.0.1:5060", "source")
equal(m["listener"], "10.1.0.10:5060", "listener")
equal(m["from"], "10.2.0.10:5060", "sent from")
equal(m["destination"], "10.2.0.1%d:5060" % (server + 1), "destination")
equal(m["backend"], "core/core-%d" % (server + 1), "backend")
equal(m["verdict"], "forwarded", "verdict")
equal(m["reason"], None, "reason")
equal(m["method"], "INVITE", "method")
equal(m["call_id"], Sip(raw).one("call-id"), "Call-ID")
equal(m["status"], None, "status of a request")
reply = response(got, 486, "Busy Here")
lab.forwarded(request("OPTIONS", "sip:bob@example.com"), "another method")
lab.reply(server, reply)
back = lab.at_caller()
m = t.next()
equal(m["status"], 486, "status")
equal(m["method"], "INVITE", "method of a response")
equal(m["backend"], "core/core-%d" % (server + 1), "backend of a response")
equal(base64.b64decode(m["base64"]), reply, "response as received")
equal(base64.b64decode(m["out_base64"]), back.raw, "response as sent")
end = t.next("trace.end")
equal((end["captured"], end["missed"], end["why"]), (2, 0, "count"), "end")
lab.forwarded(request("INVITE"), "INVITE after the end")
t.silent("a message after the end")
t.close()

# Every filter takes its own and leaves the others.
mine, other = call_id(), call_id()
for params, wanted in (
    ({"call_id": mine}, {mine}),
    ({"call_id": other}, {other}),
    ({"source": "10.1.0.0/24"}, {mine, other}),
    ({"source": "10.1.0.1"}, {mine, other}),
    ({"source": "10.2.0.0/24"}, set()),
    ({"verdict": "forwarded"}, {mine, other}),
    ({"verdict": "dropped"}, set()),
    ({"verdict": "answered"}, set()),
    ({"method": "INVITE"}, set()),
    ({"method": "MESSAGE", "source": "10.1.0.1"}, {mine, other}),
):
    t = Trace(**params)
    for call in mine, other:
        lab.forwarded(request("MESSAGE", call=call))
    equal({t.next()["call_id"] for _ in wanted}, wanted, "calls with %s" % params)
    t.silent("too many messages with %s" % params)
    t.close()

# By server.
t = Trace(backend="core/core-2", count=0)
hits = 0
for _ in range(20):
    hits += lab.forwarded(request("MESSAGE"))[0] == 1
for _ in range(hits):
    equal(t.next()["destination"], "10.2.0.12:5060", "destination")
t.silent("messages of other servers")
t.close()

# What is answered and what is dropped says why.
t = Trace(verdict="max_forwards_zero")
lab.answered(request("INVITE", max_forwards="0"), 483)
m = t.next()
equal((m["verdict"], m["reason"]), ("answered", "max_forwards_zero"), "answer of our own")
check(base64.b64decode(m["out_base64"]).startswith(b"SIP/2.0 483 "), "the answer")
t.close()
t = Trace(verdict="dropped")
junk = b"\xff\xfe not SIP \x00\r\n\r\n"
lab.dropped(junk)
m = t.next()
equal((m["verdict"], m["reason"]), ("dropped", "not_sip"), "junk")
equal(base64.b64decode(m["base64"]), junk, "bytes of junk")
check(m["message"].startswith("\ufffd\ufffd not SIP"), "text of junk: %r" % m["message"])
equal(m["out_base64"], None, "nothing was sent")
t.close()

# Bounds: rate, four at once, one for each client.
t = Trace(rate=5, count=0)
for _ in range(30):
    lab.forwarded(request("MESSAGE"))
for _ in range(5):
    t.next()
t.silent("more than 5 messages in a second")
t.close()
four = [Trace() for _ in range(4)]
Trace(error="4 traces").close()
check("already" in four[0].call("trace")["error"]["message"], "a second trace of one client")
lab.forwarded(request("MESSAGE"))
for t in four:
    equal(t.next()["method"], "MESSAGE", "each has it")
    t.close()
four = [Trace() for _ in range(4)]  # those that went away left room
for t in four:
    t.close()

# Bad wishes.
for params, text in (
    ({"source": "10.1.0.0/33"}, "no address or prefix"),
    ({"source": "caller"}, "no address or prefix"),
    ({"backend": "core"}, "POOL/BACKEND"),
    ({"backend": "core/core-9"}, "core-9"),
    ({"verdict": "gone"}, "is not forwarded, answered, dropped"),
    ({"verdict": "max_forward_zero"}, "did you mean max_forwards_zero"),
    ({"rate": 0}, "rate"),
    ({"call_id": "x" * 300}, "longer than"),
):
    Trace(error=text, **params).close()

# The drop from above left an example.
t = Trace()
answer = t.call("counters", pattern="dropped_not_sip")
e = answer["result"]["examples"]
equal(len(e), 1, "examples %s" % answer)
equal(e[0]["reason"], "dropped_not_sip", "reason")
equal(e[0]["source"], "10.1.0.1:5060", "source")
check(e[0]["bytes"].startswith("\\xff\\xfe not SIP \\x00\\r\\n"), "bytes %s" % e[0]["bytes"])
t.close()
lab.close()
PYTHON

# --- a capture for Wireshark --------------------------------------------------------------------

pcap=$LAB_DIR/trace.pcapng
ctl trace --method MESSAGE --count 8 --pcap "$pcap" >"$LAB_DIR/trace.out" 2>&1 &
tracer=$!
check_python "$tracer" <<'PYTHON'
import sys

from siplab import *



def runs(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as f:
            return f.read().split(")")[1].split()[0] != "Z"
    except OSError:
        return False


tracer = int(sys.argv[1])
lab = Lab()
for _ in range(200):
    server, got = lab.forwarded(request("MESSAGE"))
    lab.reply(server, response(got, 202, "Accepted"))
    check(lab.at_caller(), "no response")
    if not runs(tracer):
        break
else:
    fail("the trace does not end")
lab.close()
PYTHON
wait "$tracer" || fail "viactl trace: $(cat "$LAB_DIR/trace.out")"

# read_capture FILTER: number of packets that match, every checksum looked at.
read_capture() {
	tshark -r "$pcap" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -Y "$1" \
		-T fields -e frame.number 2>"$LAB_DIR/tshark.err" ||
		fail "tshark: $(cat "$LAB_DIR/tshark.err")"
}

# seen FILTER COUNT WHAT
seen() {
	assert_eq "$(read_capture "$1" | wc -l)" "$2" "$3"
}

seen sip 16 "SIP packets in the capture"
seen '_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0' 0 \
	"packets that tshark finds wrong"
seen 'sip.Method == "MESSAGE" && ip.src == 10.1.0.1 && ip.dst == 10.1.0.10' 4 "requests received"
seen 'sip.Method == "MESSAGE" && ip.src == 10.2.0.10' 4 "requests sent"
seen 'sip.Status-Code == 202 && ip.src == 10.2.0.0/24 && ip.dst == 10.2.0.10' 4 \
	"responses received"
seen 'sip.Status-Code == 202 && ip.src == 10.1.0.10 && ip.dst == 10.1.0.1' 4 "responses sent"
seen 'frame.comment contains "forwarded core/core-"' 16 "packets with a comment"
viaduct_stop
