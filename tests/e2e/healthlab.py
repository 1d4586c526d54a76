# SPDX-License-Identifier: BSD-3-Clause
"""Servers that answer probes as they are told, and what the proxy says of them.

Each server has a mode: "ok", a status code, or one of the words of Server.answer(). A thread
answers; the script changes modes and asks the control socket.
"""

import json
import select
import socket
import threading
import time

from siplab import *

PLACE = ENV["LAB_DIR"]


def ask(method, **params):
    """The result of a command of the control socket."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(PLACE + "/control.sock")
        line = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        s.sendall(json.dumps(line).encode() + b"\n")
        got = b""
        while not got.endswith(b"\n"):
            piece = s.recv(65536)
            check(piece, "the control socket closed")
            got += piece
    answer = json.loads(got)
    check("result" in answer, "%s: %r" % (method, answer))
    return answer["result"]


def pool(name="core"):
    return ask("pool.show", pool=name)["pool"]


def members(name="core"):
    return pool(name)["members"]


def states(name="core"):
    return [b["state"] for b in members(name)]


def until(what, test, wait=30.0):
    """Waits until test() is true and returns what it says."""
    end = time.monotonic() + wait
    while True:
        got = test()
        if got:
            return got
        if time.monotonic() > end:
            fail("%s; pools: %s" % (what, json.dumps(ask("pools"), indent=1)))
        time.sleep(0.02)


def log_lines(word):
    with open(PLACE + "/viaduct.log", encoding="utf-8", errors="replace") as f:
        return [line for line in f if word in line]


class Server:
    def __init__(self, address, mode="ok"):
        self.address = address
        self.mode = mode
        self.probes = []  # (message, source, time)
        self.others = []
        self.held = []  # answers that are late
        self.sock = udp(NS_S, address, 5060)

    def open(self, there):
        if there and self.sock is None:
            self.sock = udp(NS_S, self.address, 5060)
        elif not there and self.sock is not None:
            self.sock.close()
            self.sock = None

    def answer(self, m, source):
        mode, extra, raw = self.mode, (), None
        if mode == "mute":
            return
        if mode == "trying":
            self.sock.sendto(response(m, 100, "Trying", tag=None), source)
            mode = "ok"
        if mode == "only-trying":
            raw = response(m, 100, "Trying", tag=None)
        elif mode == "branch":
            via = [v.replace("branch=z9hG4bK", "branch=z9hG4bKx") for v in m.values("via")]
            raw = response(m, via=via)
        elif mode == "call-id":
            raw = response(m).replace(b"Call-ID: ", b"Call-ID: x")
        elif mode == "late":
            self.held.append((time.monotonic() + 0.3, response(m), source))
            return
        elif isinstance(mode, int):
            raw = response(m, mode, "As Told", extra=extra)
        self.sock.sendto(raw or response(m), source)

    def take(self):
        try:
            data, source = self.sock.recvfrom(65536)
        except OSError:
            return
        m = Sip(data)
        if m.method == "OPTIONS" and "viaduct" in m.values("user-agent"):
            self.probes.append((m, source[:2], time.monotonic()))
            self.answer(m, source)
        elif m.method:
            self.others.append((m, source[:2]))
            self.serve(m, source)

    def serve(self, m, source):
        """What it does with a request that is no probe."""


class Farm(threading.Thread):
    """Runs servers until the script ends."""

    def __init__(self, servers):
        super().__init__(daemon=True)
        self.servers = servers
        self.turns = 0
        self.start()

    def run(self):
        while True:
            socks = {s.sock: s for s in self.servers if s.sock is not None}
            try:
                ready, _, _ = select.select(list(socks), [], [], 0.02)
            except (OSError, ValueError):
                continue
            for sock in ready:
                if socks[sock].sock is sock:
                    socks[sock].take()
            for s in self.servers:
                for late in [h for h in s.held if h[0] <= time.monotonic()]:
                    s.held.remove(late)
                    if s.sock is not None:
                        s.sock.sendto(late[1], late[2])
            self.turns += 1

    def calls(self, n, caller, proxy):
        """Sends n requests of different calls; returns when they have arrived, and with them
        whatever was sent before. How many arrived at each server."""
        names = {call_id() for _ in range(n)}
        for name in names:
            caller.sendto(request("MESSAGE", call=name), proxy)

        def arrived():
            return [sum(m.one("call-id") in names for m, _ in s.others) for s in self.servers]

        until("%d calls do not all arrive" % n, lambda: sum(arrived()) == n)
        turns = self.turns
        until("the servers have stopped", lambda: self.turns > turns + 1)
        return arrived()
