# SPDX-License-Identifier: BSD-3-Clause
"""What of UDP, VLAN tags and fragments crosses between a device and its TAP. Run by tap_kernel.sh
and tap_memif.sh. Arguments: sizes of datagrams."""

import os
import struct
import sys

from packets import *
from siplab import *

SOL_PACKET, PACKET_AUXDATA = 263, 8
VLAN = 7


def tagged(source, target, tag, payload):
    return target + source + struct.pack("!HHH", 0x8100, tag, 0x88B5) + payload


def see_tags(s):
    s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    return s


def next_tagged(s, text):
    """VLAN of the frame that carries `text`; Linux takes tags out of frames and tells them."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if not select.select([s], [], [], WAIT)[0]:
            break
        data, ancillary, _, _ = s.recvmsg(65536, 256)
        if text in data:
            return [struct.unpack("=IIIHHHH", c[2][:20])[5] for c in ancillary]
    return None


near, far = see_tags(frames(NS_C, "net0")), see_tags(frames(NS_P, "outside"))
ours, theirs = mac_of(NS_C, "net0"), mac_of(NS_P, "outside")
near.send(tagged(ours, theirs, VLAN, b"in by the device".ljust(60)))
equal(next_tagged(far, b"in by the device"), [VLAN], "VLAN of a frame at the TAP")
far.send(tagged(theirs, ours, VLAN, b"out by the TAP".ljust(60)))
equal(next_tagged(near, b"out by the TAP"), [VLAN], "VLAN of a frame on the wire")
near.close()
far.close()

for family in 4, 6:
    lab = Lab(family)
    # Datagrams that are not SIP, whole and in pieces, are Linux's.
    inside, outside = udp(NS_P, OUT[family], 7001), udp(NS_C, CALLER[family], 7001)
    for size in map(int, sys.argv[1:]):
        sent = os.urandom(size)
        outside.sendto(sent, (OUT[family], 7001))
        got = receive([inside])
        check(got is not None and got[1] == sent, "%d bytes of UDP did not come in" % size)
        inside.sendto(sent, (CALLER[family], 7001))
        got = receive([outside])
        check(got is not None and got[1] == sent, "%d bytes of UDP did not go out" % size)
    # So are the errors about them.
    outside.connect((OUT[family], 7002))
    outside.send(b"hello")
    try:
        check(receive([outside]) is None, "an answer from a closed port")
        fail("no ICMP error from a closed port")
    except ConnectionRefusedError:
        pass
    # SIP passes in pieces too, and nothing of it brings an ICMP error.
    wire = frames(NS_C, "net0")
    for body in b"", b"x" * 9000:
        at, got = lab.forwarded(request(family=family, body=body), "%d bytes" % len(body))
        check(got.body == body, "the body changed")
        lab.reply(at, response(got, body=body))
        back = lab.at_caller()
        check(back is not None and back.body == body, "the response")
    lab.send(b"junk")
    errors = collect(wire, lambda p: p.protocol in (1, 58) and p.payload[0] in (1, 3, 4))
    equal([p.payload[:2] for p in errors], [], "ICMP errors after SIP")
    wire.close()
    inside.close()
    outside.close()
    lab.close()
