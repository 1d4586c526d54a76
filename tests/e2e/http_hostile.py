#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""http_hostile.py ADDRESS PORT PID: what no HTTP server should mind. Between all of it, a client
that behaves is answered within seconds; in the end the process has the descriptors and the memory
of before."""
import os
import random
import socket
import sys
import time

from resident import growth, settled

AT = (sys.argv[1], int(sys.argv[2]))
PID = int(sys.argv[3])
BATCH = 2000
LEAK = 1024  # KiB: less than 60 bytes for each connection of ten batches


def connect(timeout=30):
    s = socket.socket()
    s.settimeout(timeout)
    s.connect(AT)
    return s


def read_all(s):
    data = b""
    while True:
        try:
            got = s.recv(65536)
        except ConnectionResetError:
            return data
        if not got:
            return data
        data += got


def get(path, timeout=10):
    s = connect(timeout)
    s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
    data = read_all(s)
    s.close()
    return data


def good(what):
    began = time.monotonic()
    assert get(b"/healthz").startswith(b"HTTP/1.1 200 "), what
    assert b"viaduct_ready 1" in get(b"/metrics"), what
    took = time.monotonic() - began
    print("%s: answered in %.2f s" % (what, took))
    assert took < 8, what


def descriptors():
    return len(os.listdir("/proc/%d/fd" % PID))


def send_quietly(s, data):
    try:
        s.sendall(data)
        return True
    except OSError:
        return False


good("before")
before = descriptors()

# A byte now and then: each is gone after the time that a request may take, and others come through.
slow = [connect() for _ in range(60)]
for _ in range(3):
    for s in slow:
        send_quietly(s, b"G")
    good("60 slow ones")
    time.sleep(0.5)
end = time.monotonic() + 30
while time.monotonic() < end and descriptors() > before + 5:
    for s in slow:
        send_quietly(s, b"x")
    time.sleep(0.5)
assert descriptors() <= before + 5, "slow ones stay: %d, %d before" % (descriptors(), before)
for s in slow:
    s.close()

# Junk of all kinds, in one piece and in many.
random.seed(4)
junk = [
    b"\0" * 4096, b"\r\n" * 2000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / \r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\n\r\n", b"GET /%zz HTTP/1.1\r\n\r\n", b"* * *\r\n\r\n",
    b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 50000,
    b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b": \r\n" * 100 + b"\r\n", b"GET / HTTP/1.1\r\n no name\r\n\r\n",
    b"CONNECT example.com:80 HTTP/1.1\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n\r\n",
    b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * (8 << 20),
    b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(100000)) + b"\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n" + b"z" * 10000000,
    b"GET /metrics HTTP/1.1\r\n\r\n" * 1000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
] + [bytes(random.choices(range(256), k=random.randrange(1, 3000))) for _ in range(200)]
for data in junk:
    s = connect()
    send_quietly(s, data)
    try:
        s.shutdown(socket.SHUT_WR)
        s.settimeout(8)
        read_all(s)
    except OSError:
        pass
    s.close()
good("junk")

# A thousand connections that say nothing, then half a request each.
many = []
for _ in range(1000):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(AT)
    many.append(s)
good("1,000 connections")
assert descriptors() < before + 200, "%d descriptors, %d before" % (descriptors(), before)
for s in many:
    send_quietly(s, b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
good("1,000 halves of a request")
for s in many:
    s.close()

# A hundred that ask for much and never read.
deaf = []
for i in range(100):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(5)
    try:
        s.connect(AT)
        s.sendall(b"GET /%s HTTP/1.1\r\n\r\n" % random.choice(
            [b"", b"metrics", b"pools.json", b"counters.json"]))
    except OSError:
        pass
    deaf.append(s)
    if i % 20 == 0:
        good("%d that never read" % (i + 1))
for s in deaf:
    s.close()



def come_and_go():
    """In and out again, at once."""
    for _ in range(BATCH):
        s = connect()
        send_quietly(s, b"GET /counters.json HTTP/1.1\r\n\r\n")
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        s.close()
    end = time.monotonic() + 60
    while time.monotonic() < end and descriptors() > before:
        time.sleep(0.02)
    assert descriptors() <= before, "%d descriptors, %d before" % (descriptors(), before)


# What all clients share is there after the first ones.
for _ in range(2):
    come_and_go()
good("the first that left")
memory = settled(PID)
for _ in range(10):
    come_and_go()
good("the last that left")
more = growth(PID, memory, LEAK)
print("%d KiB, %d more" % (memory, more))
assert more < LEAK, "%d KiB more after %d connections, %d before" % (more, 10 * BATCH, memory)
