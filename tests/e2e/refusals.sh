#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the proxy answers itself: the status, the reason that names the fault, everything copied as
# 8.2.6 says, the same bytes for the same request, and the ACK to it taken in silence (8.2.7).
#
#   Python caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 Python servers
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
viaduct_start
check_python <<'PYTHON'
from siplab import *

lab = Lab()
BAD = "SIP/2.0/UDP 10.1.0.1:5060;branch=" + branch()


def without(name, **more):
    lines = request(**more).split(b"\r\n")
    return b"\r\n".join(x for x in lines if not x.lower().startswith(name.encode() + b":"))


def swap(old, new, **more):
    raw = request(**more)
    check(old in raw, "nothing to replace")
    return raw.replace(old, new, 1)


CASES = [
    ("Request-URI not ours", request(uri="sip:bob@elsewhere.example"), 403, ""),
    ("address not ours", request(uri="sip:bob@192.0.2.77"), 403, ""),
    ("unknown scheme", request(uri="nobody:knows@example.com"), 416, ""),
    ("no hop left", request(max_forwards="0"), 483, ""),
    (
        "Proxy-Require",
        request(extra=["Proxy-Require: foo", "Proxy-Require: bar, baz", "Require: qux"]),
        420,
        "",
    ),
    ("version", swap(b" SIP/2.0\r\nVia", b" SIP/7.0\r\nVia"), 505, ""),
    ("method of CSeq", request(cseq_method="BYE"), 400, "CSeq"),
    ("unknown method, other CSeq", request("FROB", cseq_method="INVITE"), 501, ""),
    ("CSeq number", swap(b"CSeq: 1 ", b"CSeq: 4294967296 "), 400, "CSeq"),
    ("no CSeq", without("cseq"), 400, "CSeq"),
    ("no Call-ID", without("call-id"), 400, "Call-ID"),
    ("no From", without("from"), 400, "From"),
    ("no To", without("to"), 400, "To"),
    ("two To", request(extra=["To: <sip:x@example.com>"]), 400, "To"),
    ("two Call-IDs", request(extra=["Call-ID: other"]), 400, "Call-ID"),
    ("two Content-Lengths", request(extra=["Content-Length: 7"]), 400, "Content-Length"),
    ("body too short", request(body=b"v=0", length=9), 400, "Content-Length"),
    ("negative length", request(length=-1), 400, "Content-Length"),
    ("Max-Forwards", request(max_forwards="many"), 400, "Max-Forwards"),
    ("quote in To", swap(b"To: <", b'To: "Bob <'), 400, "To"),
    ("brackets around the Request-URI", request(uri="<sip:bob@example.com>"), 400, ""),
    ("two spaces", swap(b"INVITE sip", b"INVITE  sip"), 400, ""),
    ("Route without brackets", request(extra=["Route: sip:10.2.0.11;lr"]), 400, "Route"),
    ("header without colon", request(extra=["Nonsense"]), 400, ""),
    ("no blank line", request().rstrip(b"\r\n") + b"\r\n", 400, ""),
]
for what, raw, status, phrase in CASES:
    answer = lab.answered(raw, status, what)
    check(
        phrase in answer.start, "%s: the reason should name %s: %s" % (what, phrase, answer.start)
    )
    asked = Sip(raw)
    for name in "via", "from", "call-id", "cseq":
        equal(
            answer.values(name)[:1], asked.values(name)[:1], "%s of the answer (%s)" % (name, what)
        )
    if asked.values("to"):
        check(
            answer.values("to")[0].startswith(asked.values("to")[0] + ";tag="),
            "%s: To of the answer: %s" % (what, answer.values("to")),
        )
    equal((answer.one("content-length"), answer.body), ("0", b""), "body of the answer")
    equal(
        answer.values("contact") + answer.values("record-route"),
        [],
        "%s: Contact and Record-Route" % what,
    )
    equal(lab.answered(raw, status, what).raw, answer.raw, "%s: the second answer" % what)
    if status == 420:
        equal(answer.members("unsupported"), ["foo", "bar", "baz"], "Unsupported")
    if (
        asked.method == "INVITE"
        and all(asked.values(name) for name in ("from", "to", "call-id"))
        and asked.values("cseq")[:1] == ["1 INVITE"]
        and "tag=" in answer.values("to")[0]
    ):
        to = ("\r\nTo: " + answer.values("to")[0]).encode("latin-1")
        ack = request(
            "ACK", "sip:bob@example.com", via=asked.values("via"), call=asked.values("call-id")[0]
        )
        lab.dropped(
            ack.replace(b"\r\nTo: " + Sip(ack).one("to").encode(), to, 1),
            "ACK to the %d (%s)" % (status, what),
        )

# No answer to an ACK, nor to what has no Via to send it by; a CANCEL and an ACK are not held to
# Proxy-Require (16.3 item 5).
lab.dropped(request("ACK", max_forwards="0"), "ACK without a hop left")
lab.dropped(request("ACK", uri="nobody:knows"), "ACK with an unknown scheme")
lab.dropped(without("via"), "request without Via")
lab.dropped(request().replace(b"\r\n", b"\n"), "request with bare LF")
lab.forwarded(request("CANCEL", extra=["Proxy-Require: foo"]), "CANCEL with Proxy-Require")
PYTHON
viaduct_stop
