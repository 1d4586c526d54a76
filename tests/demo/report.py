# SPDX-License-Identifier: BSD-3-Clause
"""report.py OUTSIDE INSIDE: what two captures of the first messages show, one on each side of the
proxy: how long a message takes from one interface to the other, and an INVITE before and after.
"""

import struct
import sys

from packets import pcap
from siplab import Sip


def messages(path):
    """(seconds, Sip) of each datagram; the last may be cut off when the capture was stopped."""
    for when, packet in pcap(path):
        if packet.protocol == 17 and 5060 in struct.unpack("!HH", packet.payload[:4]):
            yield when, Sip(packet.payload[8:])


def identity(m):
    """What stays the same through the proxy."""
    return m.one("call-id"), m.one("cseq"), m.status


def show(title, m):
    print("\n  " + title)
    for name, value in [("", m.start)] + [
        r for r in m.rows if r[0] in ("Via", "Record-Route", "Max-Forwards")
    ]:
        print("    " + (name + ": " if name else "") + value)


def main(outside, inside):
    first = {}
    delays = {"requests": [], "responses": []}
    both = sorted(
        [(t, 0, m) for t, m in messages(outside)] + [(t, 1, m) for t, m in messages(inside)],
        key=lambda row: row[0],
    )
    sample = None
    for when, side, m in both:
        key = identity(m)
        if key not in first:
            first[key] = when, side, m
        elif first[key][1] != side:
            delays["responses" if m.status else "requests"].append((when - first[key][0]) * 1e6)
            if not sample and m.method == "INVITE":
                sample = first[key][2], m
    for what, times in delays.items():
        if times:
            times.sort()
            print(
                "  %-19s p50 %d us, p99 %d us (capture of the first %d %s)"
                % (
                    "time in the proxy",
                    times[len(times) // 2],
                    times[len(times) * 99 // 100],
                    len(times),
                    what,
                )
            )
    if sample:
        show("An INVITE as the caller sends it", sample[0])
        show("and as its server gets it", sample[1])


main(*sys.argv[1:])
