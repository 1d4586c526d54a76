#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Responses that we could not have caused are dropped; those that we could have go where the Via
# below ours says, whatever the layout of the Vias (16.11, 18.1.2).
#
#   Python caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 Python servers
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
viaduct_start
check_python <<'PYTHON'
from siplab import *

lab = Lab()
at, got = lab.forwarded(request(via=["SIP/2.0/UDP 10.1.0.1:5060;branch=%s;rport" % branch()]))
ours, theirs = got.members("via")


def back(via, what, sock=None):
    lab.reply(at, response(got, 200, via=via))
    answer = lab.at_caller(sock=sock)
    check(answer is not None, what + " did not come back")
    return answer


def lost(via, what):
    lab.reply(at, response(got, 200, via=via))
    lab.silent(what + " should be dropped")


# One row or two, compact or not, names of any case, space where it may be.
equal(back([ours, theirs], "two rows").values("via"), [theirs], "Via of the response")
equal(
    back(["%s, %s" % (ours, theirs)], "one row").values("via"),
    [theirs],
    "Via of a response with both in one row",
)
equal(
    back(["%s ,%s , SIP/2.0/TCP a.example" % (ours, theirs)], "three in a row").members("via")[0],
    theirs,
    "three Vias in a row",
)
equal(
    back([ours, theirs + ", SIP/2.0/TCP a.example"], "mixed").members("via")[0],
    theirs,
    "Via over two rows",
)
lab.reply(
    at, response(got).replace(b"Via: ", b"v : ").replace(b"SIP/2.0/UDP", b"SIP / 2.0 / UDP", 1)
)
check(lab.at_caller() is not None, "response with compact Vias and spaces did not come back")

# Another port of the caller, as its rport says; from anywhere, since nothing but the Via counts.
port = udp(NS_C, CALLER[4], 40001)
lab.send(request(via=["SIP/2.0/UDP 10.1.0.1:40001;branch=%s;rport" % branch()]), port)
at, got = lab.at_server()
equal(back(None, "response to another port", port).status, 200, "response to another port")
ours, theirs = got.members("via")

# Forged.
digit = "0" if ours[-1] != "0" else "1"
lost(
    [ours.replace("branch=z9hG4bK", "branch=z9hG4bK0", 1)[: len(ours)], theirs],
    "a response with a branch not ours",
)
lost(
    [ours, theirs.replace("branch=z9hG4bK", "branch=z9hG4bKx", 1)],
    "a response whose Via below has another branch",
)
lost(
    ["SIP/2.0/UDP 10.2.0.99:5060;" + ours.split(";", 1)[1], theirs],
    "a response whose top Via is another host's",
)
lost(
    ["SIP/2.0/UDP 10.2.0.10:5070;" + ours.split(";", 1)[1], theirs],
    "a response whose top Via has another port",
)
lost([ours], "a response with no Via below ours")
lost([theirs], "a response without our Via")
lost(
    ["SIP/2.0/TCP" + ours[len("SIP/2.0/UDP") :], theirs],
    "a response whose top Via names another transport",
)
raw = response(got)
for start in (
    b"SIP/2.0 99 No",
    b"SIP/2.0 700 No",
    b"SIP/2.0 4294967301 No",
    b"SIP/3.0 200 OK",
    b"SIP/2.0  200 OK",
):
    lab.reply(at, raw.replace(b"SIP/2.0 200 OK", start, 1))
    lab.silent("%r should be dropped" % start)
lab.reply(at, raw.replace(b"Content-Length: 0", b"Content-Length: 5"))
lab.silent("a response shorter than it says should be dropped")

# A Via below that must not be sent to (18.2.2): the server took the received away.
for bad in "255.255.255.255", "0.0.0.0", "224.0.1.75", "127.0.0.1", "10.1.0.255":
    lab.send(request(via=["SIP/2.0/UDP %s:5060;branch=%s" % (bad, branch())]))
    at, got = lab.at_server()
    ours, theirs = got.members("via")
    lost([ours, theirs.split(";received")[0]], "a response to " + bad)
PYTHON
viaduct_stop
