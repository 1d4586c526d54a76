# SPDX-License-Identifier: BSD-3-Clause
"""A resolver that lies, loops, is slow or silent, by the first label of the name that is asked.

dns_hostile.py ADDRESS: UDP and TCP port 53 there, until it is ended.
"""

import select
import socket
import struct
import sys
import time

A, CNAME, SRV = 1, 5, 33
POINTER = b"\xc0\x0c"


def name(text):
    return b"".join(bytes([len(l)]) + l.encode() for l in text.split(".") if l) + b"\0"


def record(owner, kind, data, ttl=60):
    return owner + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def message(query, records, flags=0x8180, count=None):
    end = query.index(b"\0", 12) + 5
    n = len(records) if count is None else count
    head = query[:2] + struct.pack(">HHHHH", flags, 1, n, 0, 0)
    return head + query[12:end] + b"".join(records)


def many(n):
    return [record(POINTER, A, struct.pack(">I", 0x0A020000 + 256 + i)) for i in range(n)]


def answer(query, tcp):
    """The answer, None for none, and after how many seconds."""
    label = query[13 : 13 + query[12]].decode()
    kind = label.rstrip("0123456789")
    asked = query[12 : query.index(b"\0", 12) + 1]
    qtype = struct.unpack(">H", query[12 + len(asked) : 14 + len(asked)])[0]
    mine = qtype == A
    if kind == "good":
        return message(query, [record(POINTER, A, bytes([10, 2, 0, 11]))] if mine else []), 0
    if kind == "loop":
        return message(query, [record(POINTER, CNAME, POINTER)]), 0
    if kind == "ring":
        other = name("ring%d.evil.test" % (int(label[4:] or 0) + 1))
        return message(query, [record(POINTER, CNAME, other)]), 0
    if kind == "giant":
        if not tcp:
            return message(query, [], 0x8380), 0
        return message(query, many(3000) if mine else []), 0
    if kind == "lie":
        records = [
            record(name("good.lab.test"), A, bytes([10, 2, 0, 99])),
            record(POINTER, A, bytes([224, 0, 0, 1])),
            record(POINTER, A, bytes([255, 255, 255, 255])),
        ]
        return message(query, records), 0
    if kind == "junk":
        return query[:2] + b"\x81\x80" + b"\xff" * 40, 0
    if kind == "short":
        return message(query, many(1), count=9), 0
    if kind == "refused":
        return message(query, [], 0x8185), 0
    if kind == "cut":
        return (None, 0) if tcp else (message(query, [], 0x8380), 0)
    if kind == "slow":
        return message(query, many(1) if mine else []), 1.5
    if kind == "silent":
        return None, 0
    return message(query, [], 0x8183), 0


def main():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for s in (udp, tcp):
        s.bind((sys.argv[1], 53))
    tcp.listen(64)
    late = []
    while True:
        wait = max(0, late[0][0] - time.monotonic()) if late else None
        ready, _, _ = select.select([udp, tcp], [], [], wait)
        if udp in ready:
            query, source = udp.recvfrom(512)
            raw, delay = answer(query, False)
            if raw and delay:
                late.append((time.monotonic() + delay, raw, source))
            elif raw:
                udp.sendto(raw, source)
        if tcp in ready:
            c, _ = tcp.accept()
            c.settimeout(0.5)
            try:
                query = c.recv(514)[2:]
                raw, _ = answer(query, True)
                if raw:
                    c.sendall(struct.pack(">H", len(raw)) + raw)
            except OSError:
                pass
            c.close()
        while late and late[0][0] <= time.monotonic():
            _, raw, source = late.pop(0)
            udp.sendto(raw, source)


main()
