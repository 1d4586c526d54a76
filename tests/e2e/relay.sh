#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a trusted source may have relayed, and where to: by Request-URI, by Route, loose and strict,
# by maddr, by names of the configuration; and what is said when nothing gets there.
#
#   caller 10.1.0.1 (trusted), 10.1.0.2 ---- out0 viaduct in0 ---- servers 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_address "$NS_C" net0 10.1.0.2/24
lab_config <<'YAML'
trusted: ["10.1.0.1"]
hosts:
  - {name: gw.example.net, address: "10.2.0.13"}
YAML
viaduct_start
check_python <<'PYTHON'
from siplab import *

lab = Lab()
US = "sip:10.1.0.10;lr"

for what, uri, routes, server, out_uri, out_routes in [
    ("Request-URI", "sip:x@10.2.0.12", [], 1, None, []),
    ("name of hosts", "sip:x@gw.example.net", [], 2, None, []),
    ("name in capitals", "sip:x@GW.Example.NET:5060", [], 2, None, []),
    ("maddr", "sip:x@elsewhere.example;maddr=10.2.0.11", [], 0, None, []),
    ("Route", "sip:x@elsewhere.example", ["<sip:10.2.0.12;lr>"], 1, None, ["<sip:10.2.0.12;lr>"]),
    (
        "lr with a value",
        "sip:x@a.example",
        ["<sip:10.2.0.12;lr=on>"],
        1,
        None,
        ["<sip:10.2.0.12;lr=on>"],
    ),
    ("our Route", "sip:x@10.2.0.13", ["<%s>" % US], 2, None, []),
    ("our Route, by name", "sip:x@10.2.0.13", ["<sip:example.com;lr>"], 2, None, []),
    (
        "ours, then another",
        "sip:x@a.example",
        ["<%s>,<sip:10.2.0.11;lr>" % US],
        0,
        None,
        ["<sip:10.2.0.11;lr>"],
    ),
    (
        "strict next hop",
        "sip:x@a.example",
        ["<sip:10.2.0.12>", "<sip:b.example;lr>"],
        1,
        "sip:10.2.0.12",
        ["<sip:b.example;lr>", "<sip:x@a.example>"],
    ),
]:
    ask = request("MESSAGE", uri, extra=["Route: " + r for r in routes])
    at, got = lab.forwarded(ask, what)
    equal(at, server, what + ": server")
    equal(got.uri, out_uri or uri, what + ": Request-URI")
    equal(got.members("route"), out_routes, what + ": Routes")

# A strict router before us left our Record-Route URI as the Request-URI (16.4): the last Route is
# the real one.
call = call_id()
ours = lab.forwarded(request(call=call))[1].members("record-route")[1].strip("<>")
ask = request(
    "BYE", ours, to_tag="s1", call=call, extra=["Route: <sip:10.2.0.12;lr>, <sip:u@10.2.0.13>"]
)
at, got = lab.forwarded(ask, "Request-URI of a strict router")
equal(
    (at, got.uri, got.members("route")), (1, "sip:u@10.2.0.13", ["<sip:10.2.0.12;lr>"]), "after it"
)

for what, uri, status in [
    ("a name that nobody knows", "sip:x@nowhere.example", 500),
    ("a server that refuses TCP", "sip:x@10.2.0.11;transport=tcp", 503),
    ("multicast", "sip:x@224.0.1.75", 480),
    ("broadcast", "sip:x@255.255.255.255", 480),
    ("no route", "sip:x@192.0.2.1", 500),
]:
    lab.answered(request("MESSAGE", uri), status, what)

# The neighbour is not trusted.
other = udp(NS_C, "10.1.0.2", 5060)
via = ["SIP/2.0/UDP 10.1.0.2:5060;branch=" + branch()]
lab.send(request("MESSAGE", "sip:x@10.2.0.12", via=via), other)
answer = lab.at_caller(sock=other)
check(answer is not None and answer.status == 403, "relayed for a source that is not trusted")
lab.send(request("MESSAGE", "sip:x@10.2.0.12", via=via, extra=["Route: <%s>" % US]), other)
answer = lab.at_caller(sock=other)
check(answer is not None and answer.status == 403, "relayed for a Route without token")
lab.silent("a server got it too", lab.servers)
PYTHON
viaduct_stop
