#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What real links bring: priority tags (802.1p), IPv4 options, IPv6 extension headers, checksums
# left to the NIC, absent, or wrong. And what viaduct sends has right checksums.
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


TAG = bytes.fromhex("81006000")  # priority 3, VLAN 0


def udp_correct(p):
    ports = struct.unpack("!HH", p.payload[:4])
    header = udp_header(p.source, ports[0], p.target, ports[1], p.payload[8:])
    return header == p.payload[:8]


for family in 4, 6:
    lab = Lab(family)
    wire = frames(NS_C, "net0")
    inside = frames(NS_S, "net0")
    near, far = mac_of(NS_C, "net0"), mac_of(NS_P, "out0")

    def packet(payload, protocol=17, options=b""):
        return ip_packet(CALLER[family], OUT[family], protocol, payload, options=options)

    def frame(payload, **more):
        return ethernet(far, near, packet(payload, **more))

    def datagram(raw, checksum=None):
        return udp_header(CALLER[family], 5060, OUT[family], 5060, raw, checksum) + raw

    def arrives(make, what):
        wire.send(make(request(family=family)))
        got = lab.at_server()
        check(got is not None, "%s: did not arrive (IPv%d)" % (what, family))
        lab.reply(got[0], response(got[1]))
        check(lab.at_caller() is not None, "%s: no response (IPv%d)" % (what, family))

    def vanishes(make, what):
        wire.send(make(request(family=family)))
        lab.silent("%s: should be dropped (IPv%d)" % (what, family))

    # Linux sends for us until it knows the neighbours, and leaves its checksums to the NIC.
    at, got = lab.forwarded(request(family=family), "the first message")
    lab.reply(at, response(got))
    check(lab.at_caller() is not None, "no first response")
    time.sleep(0.3)
    collect(inside, lambda p: False, 0.01)

    lab.forwarded(request(family=family), "a sender that leaves the checksum to its NIC")
    arrives(lambda raw: frame(datagram(raw)), "full checksum")
    arrives(lambda raw: ethernet(far, near, packet(datagram(raw)), TAG), "priority tag")
    vanishes(lambda raw: frame(datagram(raw, 0x1234)), "wrong checksum")
    vanishes(lambda raw: frame(datagram(raw)[:4] + b"\0\7" + datagram(raw)[6:]), "UDP length of 7")
    vanishes(
        lambda raw: frame(datagram(raw)[:4] + b"\xff\xff" + datagram(raw)[6:]),
        "UDP length beyond the packet",
    )
    vanishes(
        lambda raw: ethernet(b"\2\0\0\0\0\1", near, packet(datagram(raw))),
        "another host's link address",
    )
    if family == 4:
        arrives(lambda raw: frame(datagram(raw, 0)), "no checksum")
        arrives(lambda raw: frame(datagram(raw), options=b"\1\1\1\1"), "four NOPs")
        arrives(
            lambda raw: frame(datagram(raw), options=b"\x94\4\0\0" + b"\1" * 35 + b"\0"),
            "40 bytes of options",
        )
    else:
        pad = b"\x11\0\1\4\0\0\0\0"
        vanishes(lambda raw: frame(datagram(raw, 0)), "no checksum")
        arrives(lambda raw: frame(pad + datagram(raw), protocol=60), "destination options")
        arrives(
            lambda raw: frame(b"\x3c" + pad[1:] + pad + datagram(raw), protocol=0),
            "hop-by-hop and destination options",
        )
        vanishes(
            lambda raw: frame(b"\x11\xff\1\4\0\0\0\0" + datagram(raw), protocol=60),
            "options longer than the packet",
        )
    mine = lambda p: p.protocol == 17 and p.source == IN[family]
    out = collect(inside, mine, least=3)
    check(len(out) >= 3, "nothing seen on the servers' wire")
    equal(
        [udp_correct(p) for p in out],
        [True] * len(out),
        "UDP checksums that viaduct sends (IPv%d)" % family,
    )
    for s in wire, inside:
        s.close()
    lab.close()
PYTHON
viaduct_stop
