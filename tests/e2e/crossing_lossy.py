# SPDX-License-Identifier: BSD-3-Clause
"""Calls between UDP and TCP where the UDP leg loses a third of its datagrams.

Of each message none, the first or the first two copies are lost. So what is sent seven times in
the time of RFC 3261 section 17, as an INVITE is, arrives, and so does the answer to it: no draw may
make a call fail. A bound on losses in a row would not do: what is lost and answers that are lost
can take turns until timer B ends it.

Caller and servers do what section 17 says, and a server repeats its 2xx until the ACK, whatever the
transport (13.3.1.4). Every call must come to the end that it was made for; over TCP nothing may
come twice.

usage: crossing_lossy.py udp|tcp    (transport of the callers; the servers have the other one)
"""

import heapq
import itertools
import random
import select
import socket
import sys
import time

import siplab as lab

T1, T2 = 0.5, 4.0
LOSSES = (0.6, 0.25, 0.15)  # shares of the messages whose first 0, 1, 2 copies are lost
KINDS = {"answer": 200, "busy": 486, "cancel": 487, "message": 202}
CALLS = 48
LIMIT = 60.0  # seconds for all of them


class Loop:
    """Timers and sockets."""

    def __init__(self):
        self.timers, self.serial, self.readers = [], itertools.count(), {}

    def after(self, delay, what):
        heapq.heappush(self.timers, (time.monotonic() + delay, next(self.serial), what))

    def run(self, done):
        end = time.monotonic() + LIMIT
        while not done() and time.monotonic() < end:
            wait = max(0.0, min(0.1, self.timers[0][0] - time.monotonic())) if self.timers else 0.1
            for s in select.select(list(self.readers), [], [], wait)[0]:
                self.readers[s]()
            while self.timers and self.timers[0][0] <= time.monotonic():
                heapq.heappop(self.timers)[2]()


class Wire:
    """What is lost of the UDP leg: copies of a message, by call and direction."""

    def __init__(self):
        self.random, self.to_lose, self.lost = random.Random(5), {}, 0

    def loses(self, raw, sent):
        m = lab.Sip(raw)
        key = (m.one("call-id"), m.one("cseq"), m.status or m.method, sent)
        if key not in self.to_lose:
            self.to_lose[key] = self.random.choices((0, 1, 2), LOSSES)[0]
        lost = self.to_lose[key] > 0
        self.to_lose[key] -= lost
        self.lost += lost
        return lost


class UdpEnd:
    """A UDP socket at the lossy end."""

    def __init__(self, loop, wire, ns, address, take):
        self.wire, self.take = wire, take
        self.sock = lab.udp(ns, address, 5060)
        loop.readers[self.sock] = self.read

    def read(self):
        raw, source = self.sock.recvfrom(65536)
        if not self.wire.loses(raw, False):
            self.take(lab.Sip(raw), lambda answer: self.send(answer, source))

    def send(self, raw, to):
        if not self.wire.loses(raw, True):
            self.sock.sendto(raw, to)


class TcpEnd:
    """A connection."""

    def __init__(self, loop, stream, take):
        self.loop, self.stream, self.take = loop, stream, take
        loop.readers[stream.sock] = self.read

    def read(self):
        while True:
            message = self.stream.message(0)
            if not message:
                break
            self.take(message, self.stream.send)
        ready = select.select([self.stream.sock], [], [], 0)[0]
        if ready and self.stream.sock.recv(1, socket.MSG_PEEK) == b"":
            del self.loop.readers[self.stream.sock]


class Client:
    """A client transaction of the caller."""

    def __init__(self, call, method, raw):
        self.call, self.invite, self.raw = call, method == "INVITE", raw
        self.provisional, self.final, self.finals = False, 0, 0
        call.send(raw)
        if call.unreliable:
            call.loop.after(T1, lambda: self.again(T1))

    def again(self, interval):
        if self.final or (self.invite and self.provisional):
            return
        self.call.send(self.raw)
        interval *= 2
        if not self.invite:
            interval = T2 if self.provisional else min(interval, T2)
        self.call.loop.after(interval, lambda: self.again(interval))

    def take(self, status):
        self.provisional = True
        if status >= 200:
            lab.check(self.final in (0, status), "%d after %d" % (status, self.final))
            self.final = status
            self.finals += 1


class Call:
    """The caller's side of one call."""

    def __init__(self, loop, send, kind, transport):
        self.loop, self.send, self.kind = loop, send, kind
        self.unreliable, self.transport = transport == "UDP", transport
        self.id, self.branch, self.clients = lab.call_id(), lab.branch(), {}

    def request(self, method, branch, **more):
        via = "SIP/2.0/%s %s:5060;branch=%s;rport" % (self.transport, lab.CALLER[4], branch)
        return lab.request(method, via=[via], call=self.id, extra=more.pop("extra", ()), **more)

    def begin(self, method, branch=None, **more):
        raw = self.request(method, branch or self.branch, **more)
        self.clients[method] = Client(self, method, raw)

    def cancel(self):
        if not self.clients["INVITE"].final:
            self.begin("CANCEL")

    def acknowledge(self, m):
        tag = m.param("to", "tag")
        if m.status >= 300:
            self.send(self.request("ACK", self.branch, to_tag=tag))
            return
        route = ["Route: " + r for r in reversed(m.members("record-route"))]
        contact = m.one("contact").strip("<>")
        self.send(self.request("ACK", lab.branch(), to_tag=tag, uri=contact, extra=route))
        if "BYE" not in self.clients:
            self.begin("BYE", lab.branch(), to_tag=tag, uri=contact, extra=route, cseq=2)

    def take(self, m):
        method = m.one("cseq").split()[1]
        client = self.clients[method]
        if m.status < 200 and not client.provisional and self.kind == "cancel":
            self.loop.after(0.3, self.cancel)
        client.take(m.status)
        if method == "INVITE" and m.status >= 200:
            self.acknowledge(m)

    def done(self):
        first = self.clients["MESSAGE" if self.kind == "message" else "INVITE"]
        rest = {"answer": "BYE", "cancel": "CANCEL"}.get(self.kind)
        return first.final and (not rest or (rest in self.clients and self.clients[rest].final))


class Served:
    """The server's side of one call."""

    def __init__(self, servers):
        self.servers, self.came, self.answers, self.acked = servers, {}, {}, False

    def answer(self, method, reply, raw):
        self.answers[method] = raw
        reply(raw)

    def repeat(self, reply, interval, left):
        if not self.acked and left > 0:
            reply(self.answers["INVITE"])
            again = min(2 * interval, T2)
            self.servers.loop.after(again, lambda: self.repeat(reply, again, left - again))

    def end_invite(self, m, reply, status):
        if self.answers.get("INVITE", b"")[8:9] not in (b"", b"1"):
            return
        contact = ["Contact: <sip:%s;transport=%s>" % (self.servers.contact, self.servers.name)]
        self.answer("INVITE", reply, lab.response(m, status, "Text", extra=contact))
        if status < 300 or self.servers.name == "udp":
            self.servers.loop.after(T1, lambda: self.repeat(reply, T1, 64 * T1))

    def invite(self, m, reply, kind):
        self.first = (m, reply)
        self.answer("INVITE", reply, lab.response(m, 180, "Ringing"))
        if kind != "cancel":
            self.servers.loop.after(
                0.5, lambda: self.end_invite(m, reply, 200 if kind == "answer" else 486)
            )

    def take(self, m, reply, kind):
        self.came[m.method] = self.came.get(m.method, 0) + 1
        if m.method == "ACK":
            self.acked = True
        elif m.method in self.answers:
            reply(self.answers[m.method])
        elif m.method == "INVITE":
            self.invite(m, reply, kind)
        else:
            status = 202 if m.method == "MESSAGE" else 200
            self.answer(m.method, reply, lab.response(m, status, "OK"))
            if m.method == "CANCEL":
                self.end_invite(*self.first, 487)


class Servers:
    """All three, by UDP or by TCP."""

    def __init__(self, loop, wire, name, kinds):
        self.loop, self.name, self.kinds, self.calls = loop, name, kinds, {}
        self.contact = lab.SERVERS[4][0] + ":5060"
        for address in lab.SERVERS[4]:
            if name == "udp":
                UdpEnd(loop, wire, lab.NS_S, address, self.take)
            else:
                self.listen(lab.TcpServer(lab.NS_S, address))

    def listen(self, server):
        def accept():
            TcpEnd(self.loop, server.accept(), self.take)

        self.loop.readers[server.sock] = accept

    def take(self, m, reply):
        call = m.one("call-id")
        self.calls.setdefault(call, Served(self)).take(m, reply, self.kinds.get(call))


def connect(loop, wire, transport, take):
    """The callers' end; returns how to send to the proxy."""
    to = (lab.OUT[4], 5060)
    if transport == "UDP":
        end = UdpEnd(loop, wire, lab.NS_C, lab.CALLER[4], take)
        return lambda raw: end.send(raw, to)
    stream = lab.Stream.connect(lab.NS_C, lab.CALLER[4], to)
    TcpEnd(loop, stream, take)
    return stream.send


def check(call, served, transport):
    kind = call.kind
    first = call.clients["MESSAGE" if kind == "message" else "INVITE"]
    lab.equal(first.final, KINDS[kind], "final response of a call of kind " + kind)
    lab.check(call.done(), "a call of kind %s did not end" % kind)
    lab.check(served.acked or kind == "message", "no ACK of a call of kind " + kind)
    if transport == "UDP":
        for method, n in served.came.items():
            lab.check(n == 1 or method == "ACK", "%d times %s by TCP" % (n, method))
    elif kind != "answer":
        lab.equal(first.finals, 1, "final responses by TCP to a call of kind " + kind)


def main():
    transport = sys.argv[1].upper()
    loop, wire, kinds, calls = Loop(), Wire(), {}, {}
    servers = Servers(loop, wire, "tcp" if transport == "UDP" else "udp", kinds)
    send = connect(loop, wire, transport, lambda m, _: calls[m.one("call-id")].take(m))
    for kind in itertools.islice(itertools.cycle(KINDS), CALLS):
        call = Call(loop, send, kind, transport)
        calls[call.id], kinds[call.id] = call, kind
        call.begin("MESSAGE" if kind == "message" else "INVITE")
    loop.run(
        lambda: all(
            c.done()
            and (c.kind == "message" or c.id not in servers.calls or servers.calls[c.id].acked)
            for c in calls.values()
        )
    )
    for call in calls.values():
        ends = {method: client.final for method, client in call.clients.items()}
        lab.check(call.id in servers.calls, "a call of kind %s: no server, %s" % (call.kind, ends))
        check(call, servers.calls[call.id], transport)
    lab.check(wire.lost > CALLS, "only %d datagrams were lost" % wire.lost)


main()
