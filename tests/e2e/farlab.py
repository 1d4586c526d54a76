# SPDX-License-Identifier: BSD-3-Clause
"""Many servers at once, by TCP and UDP, and connections that are read without waiting."""

import select
import socket
import ssl

from corpus import stated_length
from siplab import *


class Peer:
    """A connection that is read without waiting."""

    def __init__(self, sock):
        sock.setblocking(False)
        self.sock, self.bytes, self.over = sock, b"", False

    def fileno(self):
        return self.sock.fileno()

    def read(self):
        """Whole messages that are there, as bytes. Sets over at the end."""
        try:
            while not self.over:
                more = self.sock.recv(65536)
                self.bytes += more
                self.over = not more
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except OSError:
            self.over = True
        while True:
            head, end, rest = self.bytes.lstrip(b"\r\n").partition(b"\r\n\r\n")
            stated = stated_length(head + end) if end else []
            length = int(stated[0]) if stated else 0
            if not end or len(rest) < length:
                return
            self.bytes = rest[length:]
            yield head + end + rest[:length]

    def send(self, raw):
        self.sock.setblocking(True)
        self.sock.sendall(raw)
        self.sock.setblocking(False)

    def close(self):
        self.sock.close()


class Far:
    """All servers."""

    def __init__(self, places, mute):
        """@places: (namespace, address, port). Who sends from @mute can be given no answer."""
        self.mute = mute
        self.datagrams = [udp(*place) for place in places]
        self.listeners = [TcpServer(*place).sock for place in places]
        self.peers, self.seen = [], set()

    def ready(self, sockets):
        """(where, message) of all that came: where is one of the @sockets beside, or the function
        that replies to who sent it to a server, or None."""
        wait = self.datagrams + self.listeners + self.peers + sockets
        for s in select.select(wait, [], [], 0.02)[0]:
            if s in self.listeners:
                self.peers.append(Peer(s.accept()[0]))
            elif s in self.datagrams:
                raw, source = s.recvfrom(65536)
                if raw not in self.seen:  # a transaction sends it again until it is answered
                    self.seen.add(raw)
                    mute = s.getsockname()[0] == self.mute
                    yield None if mute else (lambda m, s=s, to=source: s.sendto(m, to)), raw
            else:
                for raw in s.read():
                    yield (s if s in sockets else s.send), raw
        self.peers = [p for p in self.peers if not p.over]
