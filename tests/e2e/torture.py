# SPDX-License-Identifier: BSD-3-Clause
"""torture.py FOLDER: the messages of RFC 4475 and RFC 5118 through the running proxy.

A tester on the ports that the messages name sends each twice; everything that leaves the proxy is
read off its wires. The verdict must be one that expect.tsv allows, the two outputs equal, and a
forwarded message the one received but for what a proxy changes.
"""

import select
import socket
import struct
import sys

from corpus import *
from packets import *
from siplab import *

PORTS = 5060, 5050, 5070, 6050, 19823
TESTERS = [udp(NS_C, CALLER[f], port) for f in (4, 6) for port in PORTS]
# Linux shows what a DPDK device sends only to the other end of the wire.
WIRES = [frames(NS_S, "net0"), frames(NS_C, "net0")]
LOOP = frames(NS_P, "lo")
OWN = [packed(a) for a in list(OUT.values()) + list(IN.values())]


def leaves(wire, parts):
    """(target, port, message) when the next frame completes one that the proxy sends to anybody but
    the tester, else None. parts: fragments seen so far."""
    frame, address = wire.recvfrom(65536)
    p = Packet(frame)
    copy = (address[2] == socket.PACKET_OUTGOING) != (wire is LOOP)  # loopback shows all twice
    if p.protocol != 17 or copy or packed(p.source) not in OWN:
        return None
    if same_address(p.target, CALLER[6 if ":" in p.target else 4]):
        return None
    parts[p.offset] = p.payload
    if p.more:
        return None
    whole = b"".join(parts[at] for at in sorted(parts))
    parts.clear()
    return p.target, struct.unpack("!H", whole[2:4])[0], whole[8:]


def outcome(raw, family):
    """(verdict, message) of one message sent once."""
    TESTERS[0 if family == 4 else len(PORTS)].sendto(raw, (OUT[family], 5060))
    results, parts, wait = [], {}, SILENCE
    while ready := select.select(WIRES + [LOOP] + TESTERS, [], [], wait)[0]:
        for s in ready:
            if s in WIRES or s is LOOP:
                sent = leaves(s, parts)
                if sent:
                    results.append(("FWD", sent[2]))
            else:
                answer = s.recv(65536)
                results.append(("REJ %d" % Sip(answer).status, answer))
        if results:
            wait = 0.02
    check(len(results) <= 1, "%d messages came out" % len(results))
    return results[0] if results else ("DROP", b"")


def judge(raw, family, allowed):
    """Sends a message twice; returns what is wrong, or None."""
    verdict, out = outcome(raw, family)
    again, out2 = outcome(raw, family)
    if (verdict, out) != (again, out2):
        return "not the same twice: %s, %s" % (verdict, again)
    if verdict not in allowed:
        return "%s, allowed %s" % (verdict, " or ".join(allowed))
    why = faithful(raw, out) if verdict == "FWD" else None
    return why and "forwarded, but " + why


def with_our_via(template, name):
    """A response whose top Via is ours, by the branch that we make for the Via below it."""
    start, rest = template.split(b"\r\n", 1)[0], template.split(b"\r\n", 2)[2]
    if name == "bcast":  # the Via below ours must be the broadcast one
        rest = rest.split(b"\r\n", 1)[1]
    below = rest.split(b"\r\n", 1)[0][5:].decode()
    verdict, out = outcome(request(via=[below]), 4)
    equal(verdict, "FWD", "verdict on the request that a response is made for")
    ours = Sip(out).members("via")[0]
    return start + b"\r\nVia: " + ours.encode() + b"\r\n" + rest


def main(folder):
    faults, count = [], 0
    for name, raw, family, allowed in cases(folder, over_udp=True):
        count += 1
        wrong = judge(raw, family, allowed)
        if wrong:
            faults.append("%s: %s" % (name, wrong))
    for name, allowed in (
        ("unreason", "FWD"),
        ("noreason", "FWD"),
        ("scalarlg", "DROP"),
        ("bigcode", "DROP"),
        ("bcast", "DROP"),
    ):
        template = read("%s/rfc4475-variants/%s.with-lb-via.tmpl" % (folder, name))
        count += 1
        wrong = judge(with_our_via(template, name), 4, [allowed])
        if wrong:
            faults.append("%s with our Via: %s" % (name, wrong))
    print("%d messages, %d wrong verdicts" % (count, len(faults)))
    check(not faults, "\n  ".join(["wrong:"] + faults))


main(sys.argv[1])
