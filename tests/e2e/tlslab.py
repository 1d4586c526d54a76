# SPDX-License-Identifier: BSD-3-Clause
"""SIP over TLS and TCP for the end-to-end checks: callers that connect, servers that accept.

Certificates are NAME.pem and NAME.key in the folder of the lab (tests/lib/tls.sh).
"""

import socket
import ssl
import threading

from siplab import *

DIR = ENV["LAB_DIR"] + "/"


def client_context(ca, own=None, least=None):
    """Trusts the authority @ca; shows the certificate @own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(DIR + ca + ".pem")
    if own:
        context.load_cert_chain(DIR + own + ".pem", DIR + own + ".key")
    if least:
        context.minimum_version = least
    return context


def server_context(own, ca=None):
    """Shows @own; with @ca it wants a certificate of the client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DIR + own + ".pem", DIR + own + ".key")
    if ca:
        context.load_verify_locations(DIR + ca + ".pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Stream:
    """One connection: whole messages in and out."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def send(self, raw):
        self.sock.sendall(raw)

    def message(self, wait=WAIT):
        """The next message, or None when none comes, or when the connection has ended."""
        self.sock.settimeout(wait)
        try:
            while True:
                self.buffer = self.buffer.lstrip(b"\r\n")
                head, end, rest = self.buffer.partition(b"\r\n\r\n")
                if end:
                    n = int(Sip(head + end).one("content-length"))
                    if len(rest) >= n:
                        self.buffer = rest[n:]
                        return Sip(head + end + rest[:n])
                more = self.sock.recv(65536)
                if not more:
                    return None
                self.buffer += more
        except (socket.timeout, ConnectionError):
            return None

    def serial(self):
        """Serial number of the peer's certificate."""
        return int(self.sock.getpeercert()["serialNumber"], 16)

    def close(self):
        self.sock.close()


def connect(to, context=None, name=None, ns=None, source=None):
    """A connection to (address, port); by TLS if there is a context."""
    with Netns(ns or NS_C):
        sock = socket.socket(socket.AF_INET6 if ":" in to[0] else socket.AF_INET)
    if source:
        sock.bind((source, 0))
    sock.settimeout(WAIT)
    sock.connect(to)
    if context:
        sock = context.wrap_socket(sock, server_hostname=name)
    return Stream(sock)


class Server(threading.Thread):
    """Takes connections; answers each request by the messages that @answer makes of it.

    Requests, connections and handshakes that failed are kept.
    """

    def __init__(self, at, answer, context=None, ns=None):
        super().__init__(daemon=True)
        with Netns(ns or NS_S):
            self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(at)
        self.listener.listen(64)
        self.context, self.answer = context, answer
        self.requests, self.connections, self.failures = [], [], []
        self.start()

    def run(self):
        while True:
            sock, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
        except (ssl.SSLError, OSError) as e:
            self.failures.append(str(e))
            sock.close()
            return
        stream = Stream(sock)
        self.connections.append(stream)
        while True:
            m = stream.message(600)
            if m is None:
                return
            self.requests.append(m)
            for raw in self.answer(m):
                stream.send(raw)


def via(transport, at="10.1.0.1:5060"):
    """The Via of a caller, as siplab's request() wants it."""
    return ["SIP/2.0/%s %s;branch=%s" % (transport, at, branch())]
