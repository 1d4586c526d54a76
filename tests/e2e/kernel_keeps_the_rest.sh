#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# On a shared interface Linux keeps all but SIP: it never answers a SIP datagram with ICMP, and
# ping, ARP, neighbour discovery, TCP and other UDP ports are its own as before.
#
#   caller 10.1.0.1, fd01::1 ---- out0 viaduct in0 ---- servers 10.2.0.11 ..., fd02::11 ...
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config 46 </dev/null
viaduct_start
check_python <<'PYTHON'
import errno
import os
import socket
import struct

from packets import *
from siplab import *


def is_icmp(p):
    return (p.protocol == 1 and p.payload[0] in (3, 11, 12)) or (
        p.protocol == 58 and p.payload[0] in (1, 2, 3, 4)
    )


def ping(ns, source, target):
    """Whether an echo comes back."""
    six = ":" in target
    with Netns(ns):
        s = socket.socket(
            socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, 58 if six else 1
        )
    s.bind((source, 0))
    head = struct.pack("!BBHHH", 128 if six else 8, 0, 0, 77, 1)
    s.sendto(
        head[:2] + struct.pack("!H", inet_sum(head + b"ping")) + head[4:] + b"ping", (target, 0)
    )
    while True:
        got = receive([s])
        if got is None:
            return False
        if got[1][-4:] == b"ping" and got[1][-12 if not six else 0] in (0, 129):
            return True


def connect(ns, source, target):
    """What becomes of a TCP connection."""
    with Netns(ns):
        s = socket.socket(
            socket.AF_INET6 if ":" in target[0] else socket.AF_INET, socket.SOCK_STREAM
        )
    s.settimeout(WAIT)
    s.bind((source, 0))
    return errno.errorcode.get(s.connect_ex(target), "connected")


def neighbors_forgotten(ns):
    os.system("ip -n %s neighbor flush all" % ns)


watch = [frames(NS_C, "net0"), frames(NS_S, "net0")]
for family in 4, 6:
    lab = Lab(family)
    at, got = lab.forwarded(request(family=family))
    lab.reply(at, response(got))
    check(lab.at_caller() is not None, "no response")
    lab.reply(at, response(got, via=[got.members("via")[0]]))  # dropped
    lab.send(b"\r\n\r\n")
    lab.send(b"junk")
    lab.send(request(family=family, max_forwards="0"))
    check(lab.at_caller() is not None, "no answer")
    for w in watch:
        equal([p.payload[:2] for p in collect(w, is_icmp)], [], "ICMP errors after SIP datagrams")
    for ns, near, far in (NS_C, CALLER[family], OUT[family]), (
        NS_S,
        SERVERS[family][0],
        IN[family],
    ):
        neighbors_forgotten(ns)
        check(ping(ns, near, far), "no echo from " + far)
        equal(connect(ns, near, (far, 5099)), "ECONNREFUSED", "TCP to a closed port of " + far)
    udp(NS_C, CALLER[family]).sendto(b"hello", (OUT[family], 5099))
    check(collect(watch[0], is_icmp, least=1), "Linux should refuse a UDP port that is not ours")
    for w in watch:
        collect(w, lambda p: False)
    lab.close()
PYTHON
viaduct_stop
