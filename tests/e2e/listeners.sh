#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Listeners of the file: each port is one, a response leaves from the one that its request came to
# (RFC 3581 4), an advertised name stands in Via and Record-Route, and what is not listed stays
# Linux's.
#
#   caller 10.1.0.1 ---- out0 (ports 5060, 5070) viaduct in0 ---- servers 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config <<'YAML'
listeners:
  - {name: a, address: "10.1.0.10:5060", transports: [udp]}
  - {name: b, address: "10.1.0.10:5070", transports: [udp], advertise: "edge.example.com:5070"}
  - {name: c, address: "10.2.0.10:5060", transports: [udp]}
YAML
viaduct_start
check_python <<'PYTHON'
from siplab import *

lab = Lab()
for port, name in (5060, "10.1.0.10"), (5070, "edge.example.com:5070"):
    there = ("10.1.0.10", port)
    via = ["SIP/2.0/UDP 10.1.0.1:5060;branch=%s;rport" % branch()]
    lab.caller.sendto(request(uri="sip:bob@%s:%d" % there, via=via), there)
    got = lab.at_server()
    check(got is not None, "request to port %d did not arrive" % port)
    at, seen = got
    check(
        "<sip:%s" % name in seen.members("record-route")[1],
        "Record-Route: %s" % seen.members("record-route"),
    )
    lab.reply(at, response(seen))
    back = receive([lab.caller])
    check(back is not None, "no response by port %d" % port)
    equal(back[2], there, "source of the response")
    # The callee's request comes to the listener of its side and leaves by the caller's.
    route = "Route: " + ", ".join(seen.members("record-route"))
    via = ["SIP/2.0/UDP 10.2.0.11:5060;branch=" + branch()]
    bye = request(
        "BYE",
        "sip:alice@10.1.0.1:5060",
        via=via,
        to_tag="a1",
        call=seen.one("call-id"),
        extra=[route],
    )
    lab.reply(0, bye)
    back = receive([lab.caller])
    check(back is not None, "the callee's BYE did not come (port %d)" % port)
    equal(Sip(back[1]).values("route"), [], "Routes left")
    lab.caller.sendto(response(Sip(back[1])), back[2])
    got = lab.at_server()
    check(got is not None and got[1].status == 200, "200 to the callee's BYE (port %d)" % port)

# By the advertised name too; and a port that is nobody's is refused by Linux.
lab.caller.sendto(request("BYE", "sip:bob@edge.example.com:5070"), ("10.1.0.10", 5070))
check(lab.at_server() is not None, "Request-URI with the advertised name")
closed = udp(NS_C, CALLER[6])
closed.connect((OUT[6], 5060))
closed.settimeout(WAIT)
closed.send(request(family=6))
try:
    closed.recv(65536)
    fail("an answer from an address that is no listener")
except ConnectionRefusedError:
    pass
PYTHON
viaduct_stop
