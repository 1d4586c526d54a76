#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A dialog by hand: responses pop our Via and go where the Via below says, from the address that
# was asked; requests inside the dialog lose both our Routes and go to the Contact, not to the
# table, in both directions.
#
#   Python caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 Python servers
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
viaduct_start
check_python <<'PYTHON'
from siplab import *

lab = Lab()
invite = Sip(request(via=["SIP/2.0/UDP 10.1.0.1:5060;branch=%s;rport" % branch()]))
home, got = lab.forwarded(invite.raw, "INVITE")

# Responses: nothing changes but the top Via.
for status, phrase in (100, "Trying"), (180, ""), (199, "x"), (200, "OK"), (200, "OK"):
    raw = response(
        got, status, phrase, extra=["Contact: <sip:bob@10.2.0.13:5060>"], body=b"\0v=0\r\n"
    )
    lab.reply(home, raw)
    back = lab.at_caller()
    check(back is not None, "%d did not come back" % status)
    equal(
        back.raw,
        raw.replace(b"Via: " + got.values("via")[0].encode() + b"\r\n", b"", 1),
        "the %d at the caller" % status,
    )

# The route set of both sides (12.1), taken from what they saw. Two Routes in one row and in two
# rows are the same.
to_server = back.members("record-route")[::-1]
to_caller = got.members("record-route")
equal(len(to_server), 2, "Record-Routes in the 200")
for rows in [["Route: " + ", ".join(to_server)], ["Route: " + r for r in to_server]]:
    for method in "ACK", "BYE":
        ask = request(
            method,
            "sip:bob@10.2.0.13:5060",
            to_tag="s1",
            call=invite.one("call-id"),
            cseq=2,
            extra=rows,
        )
        at, seen = lab.forwarded(ask, method)
        equal(at, 2, "server that the Contact names")
        equal(seen.values("route"), [], "Routes left in the " + method)
        equal(seen.uri, "sip:bob@10.2.0.13:5060", "Request-URI")

# A Route that is not ours stays, and is the next hop.
foreign = "<sip:10.2.0.12;lr>"
at, seen = lab.forwarded(
    request(
        "BYE",
        "sip:bob@10.2.0.13:5060",
        to_tag="s1",
        call=invite.one("call-id"),
        cseq=3,
        extra=["Route: %s,%s" % (", ".join(to_server), foreign)],
    )
)
equal((at, seen.members("route")), (1, [foreign]), "next hop and Routes with a further proxy")

# From the callee: out by the other interface, its own Via on top of ours.
lines = request(
    "BYE",
    "sip:alice@10.1.0.1:5060",
    via=["SIP/2.0/UDP 10.2.0.13:5060;branch=" + branch()],
    to_tag="a1",
    call=invite.one("call-id"),
    extra=["Route: " + ", ".join(to_caller)],
)
lab.reply(2, lines)
seen = lab.at_caller()
check(seen is not None, "the callee's BYE did not come")
equal(seen.values("route"), [], "Routes left in the callee's BYE")
check(
    seen.members("via")[0].startswith("SIP/2.0/UDP 10.1.0.10"),
    "Via of the other side: " + seen.members("via")[0],
)
lab.caller.sendto(response(seen), lab.proxy)
back = lab.at_server()
check(back is not None and back[1].status == 200, "200 to the callee's BYE")
equal(back[0], 2, "server that gets the 200")

# A token belongs to its call: with another Call-ID the same Route is no permission to relay
# (contract 4).
other = request(
    "BYE", "sip:bob@10.2.0.250:5060", to_tag="s1", cseq=2, extra=["Route: " + ", ".join(to_server)]
)
lab.answered(other, 403, "Route of another call")
PYTHON
viaduct_stop
