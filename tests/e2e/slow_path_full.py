# SPDX-License-Identifier: BSD-3-Clause
"""slow_path_full.py VIACTL: more requests that change between UDP and TCP than the control thread
can take, from an interface of its own; then a look whether the proxy recovers."""

import json
import subprocess
import sys
import threading
import time

from siplab import *

NS_F = ENV["NS_F"]
PROXY = ("10.3.0.10", 5060)
SMALL, LARGE = 900, 60000  # bytes of body
replies, seen = {}, threading.Event()


def counters():
    out = subprocess.run(
        [sys.argv[1], "--socket", ENV["LAB_DIR"] + "/control.sock", "--json", "counters", "--all"],
        capture_output=True, timeout=20, check=True,
    ).stdout  # fmt: skip
    return {c["name"]: c["value"] for c in json.loads(out)["counters"]}


def ask(domain, body, transport="UDP"):
    via = ["SIP/2.0/%s 10.3.0.1:5060;branch=BRANCH" % transport]
    return request("MESSAGE", "sip:x@" + domain, via=via, body=body)


def listen(sock):
    """Counts what comes back, by status."""
    while not seen.is_set():
        got = receive([sock], 0.2)
        if got:
            status = Sip(got[1]).status
            replies[status] = replies.get(status, 0) + 1


def flood(sock, domain, done, most):
    """Until done() says that it is enough; fails after @most datagrams."""
    halves, n = ask(domain, bytes(SMALL)).split(b"BRANCH"), 0
    while not done():
        check(n < most, "%d requests to %s were not enough: %s" % (n, domain, replies))
        many = [branch().encode().join(halves) for _ in range((4 << 20) // SMALL)]
        for raw in many:
            sock.sendto(raw, PROXY)
        n += len(many)
    return n


def fill(domain, done, most):
    """Large requests by TCP, for a UDP server: the proxy keeps each until it is answered."""
    s = Stream.connect(NS_F, "10.3.0.1", PROXY)
    halves, n = ask(domain, bytes(LARGE), "TCP").split(b"BRANCH"), 0
    while not done():
        check(n < most, "%d requests to %s were not enough" % (n, domain))
        for _ in range(100):
            s.send(branch().encode().join(halves))
        n += 100
    s.close()
    return n


def answers(domain, transport):
    """Whether a request gets 200 now."""
    raw = branch().encode().join(ask(domain, b"", transport).split(b"BRANCH"))
    if transport == "TCP":
        s = Stream.connect(NS_F, "10.3.0.1", PROXY)
        s.send(raw)
        got = s.message()
        s.close()
    else:
        s = udp(NS_F, "10.3.0.1", 5080)
        s.sendto(raw.replace(b"10.3.0.1:5060", b"10.3.0.1:5080"), PROXY)
        got = receive([s])
        got = got and Sip(got[1])
        s.close()
    return got is not None and got.status == 200


def serve(server, sock):
    """Both servers answer from now on; what was sent when they did not is too old."""
    while True:
        s = server.accept(0)
        got = s and s.message()
        if got:
            s.send(response(got))
        got = receive([sock], 0.1)
        if got and len(got[1]) < LARGE:
            sock.sendto(response(Sip(got[1])), got[2])


def main():
    sock = udp(NS_F, "10.3.0.1", 5060)
    mute = TcpServer(NS_S, "10.2.0.11", 5070)  # accepts and never reads
    hole = udp(NS_S, "10.2.0.12", 5070)
    threading.Thread(target=listen, args=(sock,), daemon=True).start()

    def full(n):
        return lambda: counters()["drop_punt_full"] > n and replies.get(503, 0) > 100

    n = flood(sock, "mute.example", full(50), 500000)
    print("a server that does not read: %d requests, answers %s" % (n, replies))
    replies.clear()
    n = flood(sock, "gone.example", full(counters()["drop_punt_full"] + 50), 500000)
    print("a server that refuses: %d requests, answers %s" % (n, replies))
    n = fill("hole.example", lambda: counters()["answered_relay_busy"] > 50, 20000)
    print("a server that does not answer: %d requests" % n)
    seen.set()
    check(not answers("hole.example", "TCP"), "there is room in the table already")

    mute.sock.close()
    end = time.monotonic() + 120
    mute = TcpServer(NS_S, "10.2.0.11", 5070)
    threading.Thread(target=serve, args=(mute, hole), daemon=True).start()
    for domain, transport in ("mute.example", "UDP"), ("hole.example", "TCP"):
        while not answers(domain, transport):
            check(time.monotonic() < end, "%s does not recover" % domain)
            time.sleep(1)
        print("%s is reached again, %d s left" % (domain, end - time.monotonic()))


main()
