#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A router on the way says that a packet was too big for the next link: later packets to that
# server come in pieces that fit (RFC 1191, RFC 8201), and the messages still arrive.
#
#   caller 10.1.0.1, fd01::1 ---- out0 viaduct in0 ---- servers 10.2.0.11 ..., fd02::11 ...
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config 46 </dev/null
viaduct_start
check_python <<'PYTHON'
import struct
import time

from packets import *
from siplab import *


def too_big(family, packet, mtu):
    """The ICMP error of a router about a packet of ours."""
    if family == 4:
        body = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + packet[:28]
        body = body[:2] + struct.pack("!H", inet_sum(body)) + body[4:]
        return ip_packet("10.2.0.99", IN[4], 1, body)
    body = struct.pack("!BBHI", 2, 0, 0, mtu) + packet[:1232]
    pseudo = packed("fd02::99") + packed(IN[6]) + struct.pack("!II", len(body), 58)
    body = body[:2] + struct.pack("!H", inet_sum(pseudo + body)) + body[4:]
    return ip_packet("fd02::99", IN[6], 58, body)


for family, mtu in (4, 600), (6, 1280):
    lab = Lab(family)
    call, via = call_id(), ["SIP/2.0/UDP %s:5060;branch=%s" % (host(CALLER[family]), branch())]
    message = lambda body: request(family=family, call=call, via=via, body=body)
    grow = len(lab.forwarded(sized(message, 1000))[1].raw) - 1000
    raw = sized(message, 1400 - grow)  # 1,400 bytes of UDP leave, one packet on this wire
    wire = frames(NS_S, "net0")

    def sent_by_proxy():
        """The message's packets on the servers' wire."""
        at, got = lab.forwarded(raw)
        check(got.body == Sip(raw).body, "the body changed")
        ours = lambda p: p.protocol == 17 and same_address(p.source, IN[family])
        return at, collect(wire, ours, least=1)

    at, before = sent_by_proxy()
    equal([p.more for p in before], [False], "one packet before the error")
    udp_bytes = before[0].payload
    packet = ip_packet(IN[family], SERVERS[family][at], 17, udp_bytes)
    wire.send(ethernet(mac_of(NS_P, "in0"), mac_of(NS_S, "net0"), too_big(family, packet, mtu)))
    for _ in range(20):
        time.sleep(0.1)
        _, after = sent_by_proxy()
        if len(after) > 1:
            break
    check(len(after) > 1, "still one packet 2 s after the ICMP error")
    check(
        all(p.size <= mtu for p in after),
        "fragments of %s bytes, the path takes %d" % ([p.size for p in after], mtu),
    )
    wire.close()
    lab.close()
PYTHON
viaduct_stop
