# SPDX-License-Identifier: BSD-3-Clause
"""streams_hostile.py PID VIACTL: clients of the TCP and TLS listeners that mean no good, all at
once, each kind from an address of its own. An operator looks on meanwhile."""

import json
import random
import struct
import subprocess
import sys
import threading
import time

from resident import resident
from tlslab import *

TCP, TLS = (OUT[4], 5060), (OUT[4], 5061)
MESSAGE_TIME = 2  # seconds, as in the configuration
PER_SOURCE = 200
MOST = 48 << 10  # KiB: streams.memory_mb twice, and as much again for connections
END = 30  # seconds; what must end does so at once, and what does not is found all the same
faults, looks = [], []


def dial(source, to=TCP):
    return connect(to, source=source).sock


def ask(body=b"", length=None):
    uri = "sip:" + host(OUT[4])
    return request("OPTIONS", uri, via("TCP"), body=body, length=length)


def must(truth, text):
    if not truth:
        faults.append(text)


def ended(sock, wait):
    """True if the proxy closes it in time, whatever it says before."""
    sock.settimeout(wait)
    try:
        while sock.recv(65536):
            pass
    except (socket.timeout, BlockingIOError):
        return False
    except OSError:
        pass
    return True


def try_send(sock, raw):
    try:
        sock.sendall(raw)
    except OSError:
        pass  # it was closed meanwhile


def slow_loris(source):
    """A byte now and then: the message does not arrive in its time, though the bytes come."""
    crowd = [dial(source) for _ in range(100)]
    raw = ask(b"x" * 1000)
    i, end = 0, time.monotonic() + END
    while crowd and time.monotonic() < end:
        for s in crowd:
            try_send(s, raw[i : i + 1])
        time.sleep(0.25)
        crowd = [s for s in crowd if not ended(s, 0)]
        i += 1
    must(not crowd, "slow senders are still there")


def half_messages(source):
    crowd = [dial(source) for _ in range(100)]
    for i, s in enumerate(crowd):
        raw = ask(b"x" * 20000)
        try_send(s, raw[: 5 + i * (len(raw) - 10) // 100])
    must(all(ended(s, END) for s in crowd), "half messages are still waited for")


def garbage(source):
    pick = random.Random(5)
    for _ in range(100):
        s = dial(source)
        try_send(s, b"\x16\x00" + bytes(pick.randrange(256) for _ in range(3000)))
        must(ended(s, END), "garbage is still read")
        s.close()


def gigabytes(source):
    for _ in range(50):
        s = dial(source)
        try_send(s, ask(length=1 << 30))
        answer = Stream(s).message()
        must(answer and answer.status == 513, "a gigabyte is not refused")
        must(ended(s, END), "the connection is open after a gigabyte")
        s.close()


def never_reads(source):
    """Asks on and on and takes no answer."""
    crowd = [dial(source) for _ in range(20)]
    for s in crowd:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.setblocking(False)
    many, sent, end = ask() * 50, [0] * 20, time.monotonic() + END
    left, rest = set(range(20)), [b""] * 20
    while left and time.monotonic() < end:
        for i in list(left):
            rest[i] = rest[i] or many
            try:
                n = crowd[i].send(rest[i])
                sent[i], rest[i] = sent[i] + n, rest[i][n:]
            except BlockingIOError:
                pass
            except OSError:
                left.discard(i)
        time.sleep(0.01)
    must(not left, "%d that never read are still there" % len(left))
    must(max(sent) < 32 << 20, "%d bytes were taken of one that never reads" % max(sent))


def resets(source):
    for i in range(2000):
        s = dial(source)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if i % 2:
            try_send(s, ask()[: i % 200])
        s.close()


def stalled_handshakes(source):
    """No TLS, or the first bytes of one."""
    crowd = [dial(source, TLS) for _ in range(100)]
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    for i, s in enumerate(crowd):
        try_send(s, hello[: i % 12])
    must(all(ended(s, END) for s in crowd), "stalled handshakes are still waited for")


def tiny_segments(source):
    """Good requests in thousands of segments of one byte: slow, but right."""
    s = dial(source)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = Stream(s)
    for _ in range(20):
        for byte in ask():
            s.send(bytes([byte]))
        answer = stream.message()
        must(answer and answer.status == 200, "no answer to a request in tiny segments")


def too_many(source):
    """Beyond max_per_source: those that are in stay in, the others are closed at once."""
    crowd = [dial(source) for _ in range(PER_SOURCE + 100)]
    time.sleep(1)
    kept = 0
    for s in crowd:
        s.settimeout(WAIT)
        try:
            s.sendall(ask())
            kept += s.recv(65536).startswith(b"SIP/2.0 200 ")
        except OSError:
            pass
    must(kept == PER_SOURCE, "%d connections of one source are served" % kept)


KINDS = slow_loris, half_messages, garbage, gigabytes, never_reads, resets
KINDS += stalled_handshakes, tiny_segments, too_many


def memory():
    return resident(sys.argv[1])


def look():
    """How long viactl took for the count of connections, and the memory."""
    begin = time.monotonic()
    run = subprocess.run(
        [sys.argv[2], "--socket", DIR + "control.sock", "--json", "connections", "--count", "1"],
        capture_output=True, timeout=20, check=True,
    )  # fmt: skip
    looks.append((time.monotonic() - begin, json.loads(run.stdout)["total"], memory()))


def main():
    before = memory()
    threads = [threading.Thread(target=kind, args=("10.1.0.%d" % (61 + i),))
               for i, kind in enumerate(KINDS)]  # fmt: skip
    for t in threads:
        t.start()
    while any(t.is_alive() for t in threads):
        look()
        s = connect(TCP, source=CALLER[4])
        s.send(ask())
        must(s.message(), "no answer to a good caller beside them")
        s.close()
        time.sleep(0.2)
    slowest, most, top = (max(x[i] for x in looks) for i in range(3))
    print("%d looks, slowest %.2f s; at most %d connections; %d KiB more"
          % (len(looks), slowest, most, top - before))  # fmt: skip
    must(top - before < MOST, "the proxy grew by %d KiB" % (top - before))
    check(not faults, "\n  ".join(sorted(set(faults))))


main()
