#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a request looks like at the server: our Via (16.6 step 8), the Via below with received and
# rport (18.2.1, RFC 3581), two Record-Routes (RFC 5658) with the outer side last, Max-Forwards,
# and not one byte more or less.
#
#   Python caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 Python servers
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
viaduct_start
check_python <<'PYTHON'
import re

from siplab import *

lab = Lab()
OURS = r"SIP/2\.0/UDP 10\.2\.0\.10(:5060)?;branch=z9hG4bK[0-9a-f]{32}(;[a-z]+=[0-9a-f]+)?"
RECORDED = [
    r"<sip:10\.2\.0\.10(:5060)?;lr;[a-z]+=[0-9a-f]{16}>",
    r"<sip:10\.1\.0\.10(:5060)?;lr;[a-z]+=[0-9a-f]{16}>",
]


def match(pattern, text):
    check(re.fullmatch(pattern, text), "%r is not like %s" % (text, pattern))


def below(via, **more):
    """Our Via is on top; returns the values below it."""
    got = lab.forwarded(request(via=via, **more))[1].members("via")
    match(OURS, got[0])
    return got[1:]


# The whole message, by a client whose Via tells the truth.
sent = Sip(
    request(
        extra=["Record-Route: <sip:gw.example.net;lr>", "X-Odd:  kept as it is ;;,"],
        body=b"\0binary\r\n\xff",
    )
)
got = lab.forwarded(sent.raw)[1]
equal(got.start, sent.start, "request line")
equal(got.body, sent.body, "body")
equal(got.members("via")[1:], sent.members("via"), "Via below ours")
rows = got.members("record-route")
for pattern, row in zip(RECORDED, rows):
    match(pattern, row)
equal(rows[2:], ["<sip:gw.example.net;lr>"], "Record-Route below ours")
equal(got.one("max-forwards"), "69", "Max-Forwards")
dropped = ("via", "record-route", "max-forwards")
rest = [
    r for r in got.raw.split(b"\r\n") if r.split(b":")[0].decode("latin-1").lower() not in dropped
]
equal(
    rest,
    [
        r
        for r in sent.raw.split(b"\r\n")
        if r.split(b":")[0].decode("latin-1").lower() not in dropped
    ],
    "all other lines",
)
equal(lab.forwarded(sent.raw)[1].raw, got.raw, "the retransmission")

# received and rport: the truth goes in, whatever stood there, inside the top value of a row.
b = ";branch=" + branch()
me = "SIP/2.0/UDP 10.1.0.1:5060"
for via, rport, received in [
    (me + b, None, None),
    (me + b + ";rport", "5060", "10.1.0.1"),
    (me + ";rport" + b, "5060", "10.1.0.1"),
    (me + b + ";RPORT", "5060", "10.1.0.1"),
    (me + b + ";rport=9", "5060", None),
    ("SIP/2.0/UDP phone.example.org:5060" + b, None, "10.1.0.1"),
    ("SIP/2.0/UDP 192.0.2.200:5060" + b, None, "10.1.0.1"),
    ("SIP/2.0/UDP 192.0.2.200:5060" + b + ";received=192.0.2.99", None, "10.1.0.1"),
    (me + b + ";received=192.0.2.99;rport=1", "5060", "10.1.0.1"),
    (me + b + ", SIP/2.0/UDP 192.0.2.7" + b, None, None),
    (
        "SIP/2.0/UDP a.example.org;rport" + b + " , SIP/2.0/TCP b.example.org" + b,
        "5060",
        "10.1.0.1",
    ),
]:
    got = below([via])
    wanted = split_list(via)
    equal(len(got), len(wanted), "number of Vias for " + via)
    equal(got[1:], wanted[1:], "Vias below the client's")
    top = [p.split("=")[0].lower() for p in got[0].split(";")]
    check(
        top.count("received") <= 1 and top.count("rport") <= 1, "repeated parameter in " + got[0]
    )
    params = dict((p.lower().split("=") + [""])[:2] for p in got[0].split(";")[1:])
    equal(params.get("rport"), rport, "rport for " + via)
    if received:
        equal(params.get("received"), received, "received for " + via)
    else:
        check(params.get("received", "10.1.0.1") == "10.1.0.1", "received for " + via)
    check(
        got[0].split(";")[0].strip() == wanted[0].split(";")[0].strip(),
        "sent-by changed: " + got[0],
    )

# By method and Max-Forwards.
equal(
    lab.forwarded(request("REGISTER"))[1].values("record-route"), [], "Record-Route of a REGISTER"
)
equal(
    len(lab.forwarded(request("SUBSCRIBE"))[1].members("record-route")),
    2,
    "Record-Routes of a SUBSCRIBE",
)
equal(lab.forwarded(request(max_forwards=None))[1].one("max-forwards"), "70", "Max-Forwards added")
for hops, wanted in ("1", "0"), ("10", "9"), ("100", "99"), ("255", "254"), ("0068", "67"):
    equal(
        int(lab.forwarded(request(max_forwards=hops))[1].one("max-forwards")),
        int(wanted),
        "Max-Forwards " + hops,
    )
PYTHON
viaduct_stop
