# SPDX-License-Identifier: BSD-3-Clause
"""Callers, servers and listeners on the wire for the end-to-end checks, on plain sockets.

One process plays every part: a socket is opened inside the namespace where it belongs and stays
there. The lab's names and addresses come from the environment (tests/lib/lab.sh). A failed check
ends the script with status 1.
"""

import ctypes
import itertools
import os
import select
import socket
import sys

ENV = os.environ
CALLER = {4: ENV["CALLER4"], 6: ENV["CALLER6"]}
OUT = {4: ENV["OUT4"], 6: ENV["OUT6"]}  # the proxy, towards the callers
IN = {4: ENV["IN4"], 6: ENV["IN6"]}  # the proxy, towards the servers
SERVERS = {4: ENV["LAB_SRV4"].split(), 6: ENV["LAB_SRV6"].split()}
NS_C, NS_P, NS_S = ENV["NS_C"], ENV["NS_P"], ENV["NS_S"]
WAIT = 10.0  # seconds that a message may take on a machine that is busy with other things
SO_RCVBUFFORCE = 33
SILENCE = 0.25  # seconds after which nothing is taken for "nothing comes"

_libc = ctypes.CDLL(None, use_errno=True)
_serial = itertools.count(1)
_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
}


def fail(text):
    sys.exit("FAIL: " + text)


def check(truth, text):
    if not truth:
        fail(text)


def equal(got, wanted, what):
    if got != wanted:
        fail("%s\n  got    %r\n  wanted %r" % (what, got, wanted))


class Netns:
    """with Netns(name): sockets made here live in that namespace."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self._enter("/run/netns/" + self.name)

    def __exit__(self, *_):
        self._set(self.home)
        os.close(self.home)

    def _enter(self, path):
        fd = os.open(path, os.O_RDONLY)
        self._set(fd)
        os.close(fd)

    @staticmethod
    def _set(fd):
        if _libc.setns(fd, 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def udp(ns, address, port=0):
    """A UDP socket bound in a namespace."""
    with Netns(ns):
        s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
        s.bind((address, port))
    return s


def receive(sockets, wait=WAIT):
    """(index of the socket, bytes, source) of the next datagram, or None."""
    ready, _, _ = select.select(sockets, [], [], wait)
    for i, s in enumerate(sockets):
        if s in ready:
            data, source = s.recvfrom(65536)
            return i, data, source[:2]
    return None


class Stream:
    """A TCP connection; messages are cut by Content-Length."""

    def __init__(self, sock):
        self.sock = sock
        self.bytes = b""

    @classmethod
    def connect(cls, ns, address, to, port=0):
        """From an address in a namespace to (address, port)."""
        with Netns(ns):
            s = socket.socket(
                socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM
            )
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.bind((address, port))
        s.settimeout(WAIT)
        s.connect(to)
        return cls(s)

    @property
    def port(self):
        return self.sock.getsockname()[1]

    def send(self, raw):
        self.sock.sendall(raw)

    def _fill(self, wait):
        """More bytes; False at the end or after the time."""
        ready, _, _ = select.select([self.sock], [], [], wait)
        got = self.sock.recv(65536) if ready else b""
        self.bytes += got
        return bool(got)

    def message(self, wait=WAIT):
        """The next message, or None."""
        while True:
            head, end, rest = self.bytes.lstrip(b"\r\n").partition(b"\r\n\r\n")
            if end:
                rows = Sip(head + end).values("content-length")
                length = int(rows[0]) if rows else 0
                if len(rest) >= length:
                    self.bytes = rest[length:]
                    return Sip(head + end + rest[:length])
            if not self._fill(wait):
                return None

    def exactly(self, n, wait=WAIT):
        """The next n bytes, or fewer."""
        while len(self.bytes) < n and self._fill(wait):
            pass
        got, self.bytes = self.bytes[:n], self.bytes[n:]
        return got

    def ended(self, wait=WAIT):
        """True if the peer closes the connection and sends nothing before."""
        ready, _, _ = select.select([self.sock], [], [], wait)
        try:
            return bool(ready) and not self.bytes and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.sock.close()


class TcpServer:
    """Listens in a namespace."""

    def __init__(self, ns, address, port=5060):
        with Netns(ns):
            self.sock = socket.socket(
                socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM
            )
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind((address, port))
        self.sock.listen(16)

    def accept(self, wait=WAIT):
        """The next connection, or None."""
        ready, _, _ = select.select([self.sock], [], [], wait)
        return Stream(self.sock.accept()[0]) if ready else None

    def close(self):
        self.sock.close()


def split_list(text):
    """The members of a comma list; commas in quotes and angle brackets are not separators."""
    out, start, quoted, angle = [], 0, False, False
    for i, c in enumerate(text):
        if c == '"' and text[i - 1 : i] != "\\":
            quoted = not quoted
        elif not quoted and c in "<>":
            angle = c == "<"
        elif c == "," and not quoted and not angle:
            out.append(text[start:i].strip())
            start = i + 1
    return out + [text[start:].strip()]


class Sip:
    """A message, decoded far enough to compare it."""

    def __init__(self, raw):
        self.raw = raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.start = lines[0]
        self.rows = []
        for line in lines[1:]:
            if line[:1] in " \t" and self.rows:
                self.rows[-1] = (self.rows[-1][0], self.rows[-1][1] + " " + line.strip())
            else:
                name, _, value = line.partition(":")
                self.rows.append((name.strip(), value.strip()))
        self.status = int(self.start.split(" ")[1]) if self.start.startswith("SIP/") else 0
        self.method = "" if self.status else self.start.split(" ")[0]
        self.uri = "" if self.status else self.start.split(" ")[1]

    def values(self, name):
        """Rows of a header, in order, as they stand."""
        name = name.lower()
        return [v for n, v in self.rows if _COMPACT.get(n.lower(), n.lower()) == name]

    def members(self, name):
        """Members of a list header, in order, over all rows."""
        return [m for v in self.values(name) for m in split_list(v)]

    def one(self, name):
        """The only row of a header; fails when there is none or are more."""
        rows = self.values(name)
        check(
            len(rows) == 1, "%d rows of %s in:\n%s" % (len(rows), name, self.raw.decode("latin-1"))
        )
        return rows[0]

    def param(self, name, parameter, index=0):
        """Value of a parameter of a header value ('' when it has none), or None."""
        for part in self.members(name)[index].split(";")[1:]:
            key, _, value = part.partition("=")
            if key.strip().lower() == parameter:
                return value.strip(" >")
        return None


def host(address):
    return "[%s]" % address if ":" in address else address


def same_address(a, b):
    """Whether two spellings are one address."""
    family = socket.AF_INET6 if ":" in b else socket.AF_INET
    try:
        return socket.inet_pton(family, a.strip("[]")) == socket.inet_pton(family, b.strip("[]"))
    except OSError:
        return False


def call_id():
    return "%d-%d-%s@lab" % (os.getpid(), next(_serial), os.urandom(8).hex())


def branch():
    return "z9hG4bK" + os.urandom(8).hex()


def request(
    method="INVITE",
    uri=None,
    via=None,
    to_tag=None,
    call=None,
    cseq=1,
    extra=(),
    body=b"",
    family=4,
    cseq_method=None,
    max_forwards="70",
    port=5060,
    length=None,
):
    """A request as a caller at CALLER:port would send it. via: whole values, top first. extra:
    whole lines."""
    me = host(CALLER[family])
    uri = uri or "sip:bob@example.com"
    via = via or ["SIP/2.0/UDP %s:%d;branch=%s" % (me, port, branch())]
    lines = ["%s %s SIP/2.0" % (method, uri)]
    lines += ["Via: " + v for v in via]
    if max_forwards is not None:
        lines.append("Max-Forwards: " + max_forwards)
    lines += [
        "From: <sip:alice@%s>;tag=a1" % me,
        "To: <sip:bob@example.com>" + (";tag=" + to_tag if to_tag else ""),
        "Call-ID: " + (call or call_id()),
        "CSeq: %d %s" % (cseq, cseq_method or method),
    ]
    if method in ("INVITE", "SUBSCRIBE"):
        lines.append("Contact: <sip:alice@%s:%d>" % (me, port))
    lines += list(extra)
    lines.append("Content-Length: %d" % (len(body) if length is None else length))
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def response(req, status=200, phrase="OK", tag="s1", extra=(), body=b"", via=None):
    """What a server answers to a request that it got."""
    lines = ["SIP/2.0 %d %s" % (status, phrase)]
    lines += ["Via: " + v for v in (req.values("via") if via is None else via)]
    lines += ["Record-Route: " + v for v in req.values("record-route")]
    to = req.one("to")
    lines += [
        "From: " + req.one("from"),
        "To: " + (to if ";tag=" in to or not tag else to + ";tag=" + tag),
        "Call-ID: " + req.one("call-id"),
        "CSeq: " + req.one("cseq"),
    ]
    lines += list(extra)
    lines.append("Content-Length: %d" % len(body))
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def sized(make, size):
    """make(body) with a random body of such a length that the message has `size` bytes."""
    length = size - len(make(b""))
    while len(make(bytes(length))) > size:
        length -= 1
    raw = make(os.urandom(length))
    equal(len(raw), size, "bytes of the message made for the check")
    return raw


class Lab:
    """A caller on port 5060 and the three servers, of one family each."""

    def __init__(self, family=4, server_family=None):
        self.family = family
        self.server_family = server_family or family
        self.caller = udp(NS_C, CALLER[family], 5060)
        self.servers = [udp(NS_S, a, 5060) for a in SERVERS[self.server_family]]
        self.proxy = (OUT[family], 5060)
        self.inside = (IN[self.server_family], 5060)

    def send(self, raw, source=None):
        (source or self.caller).sendto(raw, self.proxy)

    def at_server(self, wait=WAIT):
        """(server index, message) of what arrives at a server, or None."""
        got = receive(self.servers, wait)
        if got is None:
            return None
        check(
            same_address(got[2][0], self.inside[0]) and got[2][1] == 5060,
            "a server got a datagram from %s" % (got[2],),
        )
        return got[0], Sip(got[1])

    def reply(self, server, raw):
        self.servers[server].sendto(raw, self.inside)

    def at_caller(self, wait=WAIT, sock=None):
        got = receive([sock or self.caller], wait)
        if got is None:
            return None
        check(
            same_address(got[2][0], self.proxy[0]) and got[2][1] == 5060,
            "the caller got a datagram from %s" % (got[2],),
        )
        return Sip(got[1])

    def forwarded(self, raw, what="request"):
        """Sends a request; returns (server index, message as it arrived) or fails."""
        self.send(raw)
        got = self.at_server()
        if got is None:
            answer = self.at_caller(0.1)
            fail(
                "%s did not reach a server%s"
                % (what, "; answered " + answer.start if answer else "")
            )
        return got

    def answered(self, raw, status, what="request"):
        """Sends a request that the proxy must answer itself; returns the answer."""
        self.send(raw)
        answer = self.at_caller()
        check(answer is not None, "%s: no answer, wanted %d" % (what, status))
        equal(answer.status, status, what + ": status of " + answer.start)
        self.silent("%s: answered and forwarded too" % what, self.servers, 0.02)
        return answer

    def dropped(self, raw, what="message"):
        self.send(raw)
        self.silent(what + ": should be dropped")

    def close(self):
        for s in self.servers + [self.caller]:
            s.close()

    def silent(self, what, sockets=None, wait=SILENCE):
        got = receive(sockets or self.servers + [self.caller], wait)
        if got is not None:
            fail("%s, but this came:\n%s" % (what, got[1].decode("latin-1")))
