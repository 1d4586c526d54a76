#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Datagrams of any size pass, as fragments where the link wants them: up to 65,507 bytes out, and
# a byte more is refused by name; fragments may come in any order, and overlapping ones are no
# message.
#
#   caller 10.1.0.1, fd01::1 ---- out0 viaduct in0 ---- servers 10.2.0.11 ..., fd02::11 ...
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config 46 </dev/null
viaduct_start
check_python <<'PYTHON'
import os

from packets import *
from siplab import *


def send_fragments(lab, device, raw, cuts, order=1):
    """Sends a datagram in IP fragments that begin at `cuts` (bytes, multiples of 8), as frames."""
    source, target = CALLER[lab.family], OUT[lab.family]
    datagram = udp_header(source, 5060, target, 5060, raw) + raw
    ends = cuts[1:] + [len(datagram)]
    ident = int.from_bytes(os.urandom(2), "big")
    parts = [
        ip_packet(source, target, 17, datagram[a : max(b, a)], b != len(datagram), a, ident)
        for a, b in zip(cuts, ends)
    ]
    for part in parts[::order]:
        device.send(ethernet(mac_of(NS_P, "out0"), mac_of(NS_C, "net0"), part))


for family in 4, 6:
    lab = Lab(family)
    call, via = call_id(), ["SIP/2.0/UDP %s:5060;branch=%s" % (host(CALLER[family]), branch())]

    def message(body):
        return request(family=family, call=call, via=via, body=body)

    # How much the proxy adds to this call's messages decides how long they may be.
    small = sized(message, 20000)
    at, got = lab.forwarded(small, "20,000 bytes")
    grow = len(got.raw) - len(small)
    limit = 65507 if family == 4 else 65527

    for size in 1400, 1473, 3000, 65507 - grow, limit - grow:
        raw = sized(message, size)
        at, got = lab.forwarded(raw, "request of %d bytes" % size)
        equal(len(got.raw), size + grow, "bytes of a forwarded request of %d" % size)
        check(got.body == Sip(raw).body, "the body of a request of %d bytes changed" % size)
    for size in 1473, 65507, limit:
        raw = sized(lambda body: response(got, body=body), size)
        lab.reply(at, raw)
        back = lab.at_caller()
        check(back is not None, "response of %d bytes did not come" % size)
        check(back.body == Sip(raw).body, "the body of a response of %d bytes changed" % size)
    lab.answered(sized(message, limit - grow + 1), 513, "a request that outgrows UDP")
    # 65,507 bytes with what 18.3 has us cut off behind the body: the message goes on.
    tail = sized(message, 65000)
    at, got = lab.forwarded(tail + bytes(507), "65,507 bytes with a tail")
    check(got.body == Sip(tail).body, "the tail was not cut off")

    wire = frames(NS_C, "net0")
    raw = request(family=family, body=b"y" * 2500)
    for cuts, order in (
        ([0, 1400, 2000], 1),
        ([0, 1400, 2000], -1),
        ([0, 8, 512, 1600], 1),
        ([0, 504, 1504], -1),
    ):
        send_fragments(lab, wire, raw, cuts, order)
        got = lab.at_server()
        check(
            got is not None and got[1].body == b"y" * 2500,
            "fragments at %s, order %d" % (cuts, order),
        )
    source, target = CALLER[family], OUT[family]
    datagram = udp_header(source, 5060, target, 5060, raw) + raw
    for first, second in (1408, 1400), (1400, 1392):
        for at, end in (0, first), (second, len(datagram)):
            wire.send(
                ethernet(
                    mac_of(NS_P, "out0"),
                    mac_of(NS_C, "net0"),
                    ip_packet(
                        source,
                        target,
                        17,
                        datagram[at:end],
                        end != len(datagram),
                        at,
                        4711 + first,
                    ),
                )
            )
        lab.silent("overlapping fragments should be dropped")
    lab.forwarded(request(family=family), "the message after them")
    wire.close()
    lab.close()
PYTHON
viaduct_stop
