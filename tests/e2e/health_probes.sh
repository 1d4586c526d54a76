#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Probes: what they look like, what counts as an answer, that a dead server delays no other, that
# its calls go elsewhere and come back, damping, panic, a node that is cut off, a reload under way.
#
#   caller 10.1.0.1 ---- out0 viaduct in0 ---- servers 10.2.0.11, .12, .13 that do as they are told
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
sed -i 's/^  - name: core/&\n    probe: {interval: 200ms, timeout: 150ms, rise: 2, fall: 2}/' \
	"$LAB_DIR/viaduct.yaml"
viaduct_start

check_python "$VIADUCT_PID" <<'PYTHON'
import os
import signal
import sys

from healthlab import *

servers = [Server(a) for a in SERVERS[4]]
farm = Farm(servers)
one, two, three = servers
caller, proxy = udp(NS_C, CALLER[4], 5060), (OUT[4], 5060)


def probe(n):
    return members()[n]["probe"]


def goes_down(n, reason):
    until("%s: not down" % reason, lambda: states()[n] == "down" and not members()[n]["share"])
    b = members()[n]
    equal(b["cause"], "probe", "cause")
    check(reason in b["why"], "why: %r has no %r" % (b["why"], reason))
    check(reason in b["probe"]["reason"], "reason: %r" % b["probe"]["reason"])


def comes_up(n):
    until("it did not come up", lambda: states()[n] == "up" and members()[n]["share"], 30)


# --- the request ----------------------------------------------------------------------------

until("no probes", lambda: all(len(s.probes) >= 3 for s in servers))
until("not all are well", lambda: states() == ["up"] * 3 and all(probe(i)["ok"] for i in range(3)))
for s in servers:
    ids = set()
    for m, source, _ in s.probes:
        equal(m.start, "OPTIONS sip:%s:5060 SIP/2.0" % s.address, "request line")
        check(same_address(source[0], IN[4]), "source %r" % (source,))
        check(source[1] != 5060, "it comes from a listener")
        via = m.one("via")
        check(via.startswith("SIP/2.0/UDP %s:%d;rport;branch=z9hG4bK" % source), "Via: " + via)
        equal(m.one("max-forwards"), "70", "Max-Forwards")
        check(";tag=" in m.one("from") and ";tag=" not in m.one("to"), "From and To")
        check(m.one("cseq").endswith(" OPTIONS"), "CSeq")
        equal(m.one("content-length"), "0", "Content-Length")
        ids |= {via, m.one("call-id")}
    equal(len(ids), 2 * len(s.probes), "branches and Call-IDs")
b = members()[0]
check(b["probe"]["ok"] and b["probe"]["code"] == 200, "probe: %r" % b["probe"])
check(0 < b["probe"]["latency_mean_ms"] < 150, "latency: %r" % b["probe"])

# --- what counts as an answer ---------------------------------------------------------------

for mode in 299, 404, "trying":
    two.mode = mode
    before = probe(1)
    until("no more probes", lambda: probe(1)["sent"] > before["sent"] + 3)
    equal(probe(1)["failed"], before["failed"], "failures with %s" % mode)
equal(len([p for p in two.probes if p[1] != two.probes[0][1]]), 0, "ports used")

# --- a dead server delays no other, and its calls go elsewhere ------------------------------

two.mode = "mute"
counts = [len(s.probes) for s in servers]
goes_down(1, "timeout")
until("too few probes", lambda: len(two.probes) >= counts[1] + 12)
counts = [len(s.probes) - n for s, n in zip(servers, counts)]
check(min(counts[0], counts[2]) >= counts[1] - 2, "probes while one is dead: %r" % counts)
equal(farm.calls(60, caller, proxy)[1], 0, "calls to the dead server")

two.mode = "ok"
comes_up(1)
n = farm.calls(60, caller, proxy)[1]
check(n > 5, "calls after its recovery: %d" % n)

# --- other ways to be ill; it flaps, so it takes longer each time ---------------------------

ask("reload", reset=True)
wanted = []
for mode, reason in (503, "answered 503"), ("call-id", "wrong Call-ID"), ("branch", "timeout"):
    two.mode = mode
    goes_down(1, reason)
    wanted.append(probe(1)["wanted"])
    equal("flaps" in members()[1]["why"], len(wanted) > 1, "why: " + members()[1]["why"])
    two.mode = "ok"
    comes_up(1)
equal(wanted, [2, 4, 8], "good probes wanted")

ask("reload", reset=True)
sent = probe(2)["sent"]
check(sent > 20, "probes sent: %d" % sent)
three.mode = "late"
goes_down(2, "timeout")
reloads, sent = len(log_lines("reloaded ")), probe(2)["sent"]
os.kill(int(sys.argv[1]), signal.SIGHUP)
until("no reload", lambda: len(log_lines("reloaded ")) > reloads)
until("no probes after a reload", lambda: probe(2)["sent"] > sent + 3)
equal(states()[2], "down", "state after a reload")
three.mode = "only-trying"
sent = probe(2)["sent"]
until("no more probes", lambda: probe(2)["sent"] > sent + 4)
equal(states()[2], "down", "state with 1xx only")
three.mode = "ok"
comes_up(2)
three.open(False)
goes_down(2, "port unreachable")

# --- panic: of three one may go, not two; with all gone the node doubts itself --------------

two.open(False)
until("no panic", lambda: pool()["panic"])
equal(states(), ["up", "up", "down"], "states in panic")
alarms = until("no alarm", lambda: ask("status")["alarms"])
check(any("core" in a for a in alarms), "alarms: %r" % alarms)
n = len(one.others)
for _ in range(30):
    caller.sendto(request("MESSAGE"), proxy)
until("no calls in panic", lambda: len(one.others) > n)
two.open(True)
until("the panic does not end", lambda: not pool()["panic"])

three.open(True)
comes_up(2)
for s in servers:
    s.mode = "mute"
until("no doubt", lambda: log_lines("no probe of this node is answered"), 10)
time.sleep(1)
equal(states(), ["up", "up", "up"], "states while nobody answers")
lines = len(log_lines("pool core: backend"))
for s in servers:
    s.mode = "ok"
until("doubt does not end", lambda: log_lines("probes are answered again"))
time.sleep(1)
equal(states(), ["up", "up", "up"], "states afterwards")
equal(len(log_lines("no probe of this node is answered")), 1, "lines of doubt")
equal(len(log_lines("pool core: backend")), lines, "lines about backends")
PYTHON
viaduct_stop
