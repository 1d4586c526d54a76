#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Probes by TCP and TLS. A server that stops goes down and says why, and comes back when it listens
# again; calls go down the connection that the probes keep. Servers whose certificates are wrong are
# down, with the fault as the reason; one that takes connections and says nothing delays nobody.
#
#   caller 10.1.0.1 by UDP -- out0 viaduct in0 -- 10.2.0.11, .12 by TCP, .13 by TLS, a port per case
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tls.sh"

lab_up
tls_ca ca
tls_ca alien
tls_cert ca proxy URI:sip:proxy.example
tls_cert ca good URI:sip:core.example
tls_cert ca expired URI:sip:core.example 7 -1
tls_cert ca other DNS:other.example
tls_cert alien stranger URI:sip:core.example
tls_config <<YAML
$(tls_listener int-tls 10.2.0.10:5061)
domains: [example.com]
pools:
  - name: core
    probe: {interval: 500ms, timeout: 450ms, rise: 2, fall: 2}
    panic: 100
    backends:
      - {name: one, address: "10.2.0.11:5060", transports: [tcp]}
      - {name: mute, address: "10.2.0.12:5060", transports: [tcp]}
  - name: secure
    probe: {interval: 500ms, timeout: 450ms, rise: 2, fall: 2}
    panic: 100
    tls_name: core.example
    backends:
      - {name: good, address: "10.2.0.13:5061", transports: [tls]}
      - {name: expired, address: "10.2.0.13:5064", transports: [tls]}
      - {name: stranger, address: "10.2.0.13:5065", transports: [tls]}
      - {name: other, address: "10.2.0.13:5066", transports: [tls]}
      - {name: plain, address: "10.2.0.13:5067", transports: [tls]}
      - {name: nobody, address: "10.2.0.13:5068", transports: [tls]}
routes:
  - {match: {domain: secure.example}, pool: secure}
  - {pool: core}
YAML
viaduct_start
check_python <<'PYTHON'
import healthlab
import tlslab
from healthlab import *


class Peer(tlslab.Server):
    """Answers everything with 200; can be stopped."""

    def __init__(self, ip, port=5060, own=None, answer=lambda m: [response(m)]):
        super().__init__((ip, port), answer, own and tlslab.server_context(own))

    def run(self):
        try:
            super().run()
        except OSError:
            pass  # stopped

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for c in self.connections:
            c.sock.shutdown(socket.SHUT_RDWR)


def of(name, where="core"):
    return [b for b in members(where) if b["name"] == name][0]


def is_down_for(name, why, where):
    b = of(name, where)
    return b["state"] == "down" and b["cause"] == "probe" and why in b["probe"]["reason"]


def probes(m):
    return "viaduct" in m.values("user-agent")


mute = Peer("10.2.0.12", answer=lambda m: [])
one = Peer("10.2.0.11")
for name, port in (("good", 5061), ("expired", 5064), ("stranger", 5065), ("other", 5066)):
    Peer("10.2.0.13", port, name)
Peer("10.2.0.13", 5067)

# Each of them for a reason of its own.
for name, why in (
    ("expired", "certificate has expired"),
    ("stranger", "issuer certificate"),
    ("other", "is for other.example, not for core.example"),
    ("nobody", "connection refused"),
):
    until("%s is down: %s" % (name, why), lambda: is_down_for(name, why, "secure"))
until("one without TLS is down", lambda: is_down_for("plain", "timeout", "secure"))
until("the right one is well", lambda: of("good", "secure")["probe"]["ok"])
equal(of("good", "secure")["state"], "up", "state of the right one")

# One that says nothing; its fellow has as many probes as ever.
until("the mute one is down", lambda: is_down_for("mute", "timeout", "core"))
equal(of("one")["state"], "up", "state of its fellow")
silent, well = of("mute")["probe"]["sent"], of("one")["probe"]["sent"]
check(well + 2 >= silent, "%d probes of one, %d of mute" % (well, silent))

# Calls take the connection of the probes.
caller = udp(NS_C, "10.1.0.1", 5060)
caller.sendto(request("MESSAGE"), ("10.1.0.10", 5060))
equal(Sip(receive([caller], 8)[1]).status, 200, "a call")
equal([m.method for m in one.requests if not probes(m)], ["MESSAGE"], "what it got beside probes")
equal(len(one.connections), 1, "connections")

# It stops under its connection, and starts again.
one.stop()
until("it is down", lambda: is_down_for("one", "connection refused", "core"))
one = Peer("10.2.0.11")
until("it is back", lambda: of("one")["state"] == "up")

# One comes up that was never there.
Peer("10.2.0.13", 5068, "good")
until("nobody is somebody", lambda: of("nobody", "secure")["state"] == "up")
PYTHON
assert_eq "$(lab_counter dropped_last_via)" 0 "answers that nobody took"
assert_ge "$(lab_counter probe_answers)" 6 "answers to probes"
lab_balance
viaduct_stop
