#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What explain says is what then happens: to the same place, from the same listener, byte for byte;
# and nothing is sent by asking. Then the tool as people use it: text pasted from a terminal, wrong
# sources and listeners, steps and difference on a page.
#
#   caller 10.1.0.1 (trusted), 10.1.0.2 ---- out0 viaduct in0 ---- servers 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_address "$NS_C" net0 10.1.0.2/24
lab_config <<'YAML'
trusted: ["10.1.0.1"]
listeners:
  - {name: ext, address: "10.1.0.10:5060", transports: [udp, tcp]}
  - {name: int, address: "10.2.0.10:5060", transports: [udp, tcp]}
YAML
viaduct_start
export VIACTL
check_python <<'PYTHON'
import json
import subprocess

from siplab import *

VIACTL = ENV["VIACTL"]
SOCKET = ENV["LAB_DIR"] + "/control.sock"


def explain(raw, source="10.1.0.1:5060", listener="ext", more=()):
    """The object that explain makes of a message."""
    got = subprocess.run(
        [VIACTL, "--socket", SOCKET, "--json", "explain", "-"]
        + ["--source", source, "--listener", listener, *more],
        input=raw,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(got.stdout)


def as_text(raw):
    return raw.decode("utf-8", "replace")


def steps(said):
    return "\n".join(s["text"] for s in said["steps"])


lab = Lab()
stranger = udp(NS_C, "10.1.0.2", 5060)


def really(what, raw, sock=None):
    """Explains, sees that nothing was sent, sends, and compares. The explanation."""
    source = "%s:%d" % (sock or lab.caller).getsockname()[:2]
    said = explain(raw, source)
    everybody = lab.servers + [lab.caller, stranger]
    lab.silent("%s: asking sent something" % what, everybody, 0.05)
    lab.send(raw, sock)
    got = receive(everybody, SILENCE if said["verdict"] == "drop" else WAIT)
    if got is None:
        equal(said["verdict"], "drop", what + ": verdict")
        return said
    where, sent, came_from = got
    here = "%s:%d" % everybody[where].getsockname()[:2]
    equal(said["verdict"], "forward" if where < len(lab.servers) else "answer", what + ": verdict")
    equal(said["to"], here, what + ": destination\n" + steps(said))
    equal(said["from"], {"10.1.0.10": "ext", "10.2.0.10": "int"}[came_from[0]], what + ": listener")
    equal(said["message"], as_text(sent), what + ": bytes")
    return said


long_body = b"v=0\r\n" + b"a=x\r\n" * 700
for what, raw, sock in [
    ("a call", request(), None),
    ("a call of a stranger", request(via=["SIP/2.0/UDP 10.1.0.2;branch=" + branch()]), stranger),
    ("rport", request(via=["SIP/2.0/UDP a.example;rport;branch=" + branch()]), None),
    ("a registration", request("REGISTER", "sip:example.com"), None),
    ("no Max-Forwards", request(max_forwards=None), None),
    ("a Via of RFC 2543", request(via=["SIP/2.0/UDP 10.1.0.1"]), None),
    ("more than an MTU", request(body=long_body), None),
    ("relayed for a friend", request("MESSAGE", "sip:x@10.2.0.13"), None),
    ("a loose Route", request("BYE", "sip:x@a.example", extra=["Route: <sip:10.2.0.12;lr>"]), None),
    ("a strict Route", request("BYE", "sip:x@a.example", extra=["Route: <sip:10.2.0.12>"]), None),
    ("an unknown method", request("FOO"), None),
    ("UTF-8", request(extra=["Subject: Gr\u00fc\u00dfe".encode().decode("latin-1")]), None),
    ("bytes that are no text", request(extra=["Subject: \xff\xfe"]), None),
    ("OPTIONS to the proxy", request("OPTIONS", "sip:10.1.0.10"), None),
    ("no hops left", request(max_forwards="0"), None),
    ("an extension", request(extra=["Proxy-Require: foo"]), None),
    ("relay denied", request("MESSAGE", "sip:x@10.2.0.13"), stranger),
    ("an unknown scheme", request(uri="http://example.com/"), None),
    ("CSeq of another method", request(cseq_method="BYE"), None),
    ("a body that is too short", request(length=99), None),
    ("an ACK that nobody waits for", request("ACK", "sip:x@192.0.2.1", to_tag="x"), stranger),
    ("no SIP", b"hello, world, is this SIP?", None),
]:
    really(what, raw, sock)

# What the control thread would do with streams and names at hand.
said = explain(request("MESSAGE", "sip:x@10.2.0.11;transport=tcp"))
equal((said["verdict"], said["to"]), ("forward", "10.2.0.11:5060"), "a next hop by TCP")
equal((said["transport"], said["crossing"]), ("TCP", True), "a next hop by TCP: how")
check("keeps a transaction" in steps(said), "a crossing is not told:\n" + steps(said))
said = explain(request("MESSAGE", "sip:x@elsewhere.example"))
equal((said["verdict"], said["message"]), ("resolve", None), "a next hop with a name")
check("elsewhere.example is a name" in steps(said), "a name is not told:\n" + steps(said))
said = explain(request("OPTIONS", "sip:10.1.0.10"), more=("--transport", "tcp"))
equal((said["verdict"], said["transport"]), ("answer", "TCP"), "OPTIONS by TCP")

# For many calls, so that no server is hit by chance.
servers = {really("call %d" % i, request())["backend"] for i in range(30)}
equal(servers, {"core-1", "core-2", "core-3"}, "servers of 30 calls")

# A response, from the server that got the request.
at, got = lab.forwarded(request())
answer = response(got, 180, "Ringing")
said = explain(answer, "%s:5060" % SERVERS[4][at], "int")
lab.reply(at, answer)
came = lab.at_caller()
equal(said["message"], as_text(came.raw), "a response: bytes")
equal((said["verdict"], said["to"]), ("forward", "10.1.0.1:5060"), "a response: where")
forged = answer.replace(b"branch=z9hG4bK", b"branch=z9hG4bKx", 1)
equal(explain(forged, "10.2.0.11:5060", "int")["reason"], "forged_branch", "a forged response")

# What is told follows changes at once; what began before them stays where it was (16.11), and that
# is told too.
def set_state(backend, state):
    words = ["backend", "set", "core", backend, "state=" + state]
    ctl = [VIACTL, "--socket", SOCKET] + words
    subprocess.run(ctl, stdout=subprocess.DEVNULL, check=True)


call, asked = call_id(), request()
before = explain(asked)
began = really("a call before the change", request(call=call))["backend"]
set_state(before["backend"], "drain")
after = really("the same with its server draining", asked)
check(after["backend"] != before["backend"], "explained with a server that takes no new calls")
check(after["window"], "nothing is told of the change: " + steps(after))
check(
    "were it down, backend %s at" % after["backend"] in steps(before),
    "next in line: %s is not in\n%s" % (after["backend"], steps(before)),
)
set_state(before["backend"], "up")
set_state(began, "drain")
bye = really("the end of the call before the change", request("BYE", to_tag="s1", call=call))
equal(bye["backend"], began, "server of a call that began before its server drained")
check("the server of then has it" in bye["window"], "window: " + bye["window"])
PYTHON

# As people use it.
cat >"$LAB_DIR/pasted" <<'SIP'

INVITE sip:bob@example.com SIP/2.0
Via: SIP/2.0/UDP 10.1.0.1:5060;branch=z9hG4bKpasted
From: <sip:alice@10.1.0.1>;tag=a1
To: <sip:bob@example.com>
Call-ID: pasted@lab
CSeq: 1 INVITE
SIP
ctl explain "$LAB_DIR/pasted" >"$LAB_DIR/page"
for line in 'taken as CRLF' 'blank line that ends the header section is missing: it is added' \
	'no source was given' 'key call-id: "pasted@lab"' 'added: our Via on top' \
	'interface inside'; do
	grep -q -- "$line" "$LAB_DIR/page" || fail "no '$line' in: $(cat "$LAB_DIR/page")"
done
ctl explain - <"$LAB_DIR/pasted" | cmp -s - "$LAB_DIR/page" || fail "standard input differs"

# refused WORDS ARGUMENT...: an error that says so, and exit status 1 or 2.
refused() {
	local words=$1 status=0
	shift
	ctl explain "$@" >"$LAB_DIR/out" 2>&1 || status=$?
	[ "$status" = 1 ] || [ "$status" = 2 ] || fail "explain $*: exit status $status"
	grep -q -- "$words" "$LAB_DIR/out" || fail "explain $*: $(cat "$LAB_DIR/out")"
}
refused 'no message can come from 224.0.0.1' --source 224.0.0.1 "$LAB_DIR/pasted"
refused 'source: expected an IP address' --source nowhere "$LAB_DIR/pasted"
refused 'no listener is called lunar' --listener lunar "$LAB_DIR/pasted"
refused 'no listener takes UDP' --source 2001:db8::1 "$LAB_DIR/pasted"
refused 'listener ext takes nothing by UDP from there' --source 2001:db8::1 --listener ext \
	"$LAB_DIR/pasted"
head -c 70000 /dev/zero >"$LAB_DIR/huge"
refused 'larger than any SIP message' "$LAB_DIR/huge"
viaduct_stop
