#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Pools changed through the control socket while calls ring: CANCEL, ACK and retransmissions of what
# began before reach the old server, what is new goes by the new table, and after the window nothing
# of it is left (RFC 3261 16.11). What was set by hand outlives a reload and a node's drain too.
#
#   callers 10.1.0.1 ---- out0 viaduct in0 ---- servers 10.2.0.11, .12, .13, .14
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_address "$NS_S" net0 10.2.0.14/24
lab_config <<YAML
transaction_window: 4s
YAML
viaduct_start

# --- message by message -------------------------------------------------------------------------

check_python "$LAB_DIR" "$VIACTL" <<'PYTHON'
import json
import subprocess
import sys
import time

from siplab import *

place, viactl = sys.argv[1], sys.argv[2]
SERVERS[4].append("10.2.0.14")
lab = Lab()


def ctl(*words, status=0):
    run = subprocess.run(
        [viactl, "--socket", place + "/control.sock", "--json", *words],
        capture_output=True, text=True, timeout=20, check=False,
    )
    equal(run.returncode, status, "status of viactl %s: %s" % (" ".join(words), run.stderr))
    return json.loads(run.stdout) if status == 0 else run.stderr


class Call:
    """An INVITE and all that may follow it."""

    def __init__(self):
        self.call, self.via = call_id(), ["SIP/2.0/UDP %s:5060;branch=%s" % (CALLER[4], branch())]
        self.server, got = lab.forwarded(self.make("INVITE"), "INVITE")
        self.branch = got.param("via", "branch")

    def make(self, method, to_tag=None):
        return request(method, call=self.call, via=self.via, to_tag=to_tag, cseq_method=method)

    def follows(self, method, why, to_tag=None):
        server, got = lab.forwarded(self.make(method, to_tag), method)
        equal(got.method, method, why)
        equal(server + 1, self.server + 1, "server of the %s %s" % (method, why))
        equal(got.param("via", "branch"), self.branch, "branch of the %s %s" % (method, why))


def calls(n=40):
    return [Call() for _ in range(n)]


def all_follow(before, why):
    for i, c in enumerate(before):
        c.follows("INVITE", why)
        c.follows("CANCEL", why)
        c.follows("ACK", why, to_tag="s%d" % i)


def past():
    return ctl("status")["config"]["window"]["past"]


def member(name, pool="core"):
    return {b["name"]: b for b in ctl("pool", "show", pool)["pool"]["members"]}[name]


before = calls()
equal({c.server for c in before}, {0, 1, 2}, "servers of the first calls")

# Each change on top of the one before: the window holds several at once.
moved = ctl("backend", "set", "core", "core-1", "state=drain")["moved"]
check(0.3 < moved < 0.4, "a third of the keys should move, not %.3f" % moved)
all_follow(before, "after a drain")
during = calls()
check(0 not in {c.server for c in during}, "a draining server got a new call")
equal(member("core-1")["state"], "drain", "state")
check(member("core-1")["drain"]["last_second"] >= 0, "no count of a drain")

ctl("backend", "add", "core", "core-4", "10.2.0.14", "weight=3")
all_follow(before + during, "after an add")
later = calls()
check(3 in {c.server for c in later}, "the added server got nothing")
ctl("backend", "set", "core", "core-2", "weight=9")
all_follow(before + during + later, "after a change of weight")
ctl("backend", "set", "core", "core-1", "state=up")
all_follow(before + during + later, "after the end of a drain")
ctl("backend", "remove", "core", "core-4")
all_follow(before + during + later, "after a removal")
check(3 not in {c.server for c in calls()}, "a removed server got a new call")
equal(member("core-4")["removed"], True, "core-4 is removed")
check(past() >= 4, "only %d past worlds" % past())

# A server that is down gets nothing, whatever began there.
ctl("backend", "set", "core", "core-3", "state=down")
for c in before:
    if c.server == 2:
        server, got = lab.forwarded(c.make("INVITE"), "INVITE to a dead server")
        check(server != 2, "a retransmission went to a server that is down")

# --- after the window ----------------------------------------------------------------------------
end = time.monotonic() + 10
while past() and time.monotonic() < end:
    time.sleep(0.2)
equal(past(), 0, "past worlds after the window")
while len(ctl("pool", "show", "core")["pool"]["members"]) > 3 and time.monotonic() < end:
    time.sleep(0.2)
names = {b["name"] for b in ctl("pool", "show", "core")["pool"]["members"]}
equal(names, {"core-1", "core-2", "core-3"}, "members after the window")

# --- what a reload keeps -------------------------------------------------------------------------
ctl("backend", "set", "core", "core-1", "state=drain")
ctl("backend", "add", "core", "core-4", "10.2.0.14:5060")
result = ctl("reload")
equal(result["changed"], False, "a reload of the same file changes something")
equal(member("core-1")["state"], "drain", "state after a reload")
equal(member("core-1")["cause"], "operator", "cause after a reload")
equal(member("core-2")["weight"], 9, "weight after a reload")
equal(member("core-4")["added"], True, "core-4 after a reload")

with open(place + "/viaduct.yaml", encoding="ascii") as f:
    text = f.read()
with open(place + "/viaduct.yaml", "w", encoding="ascii") as f:
    f.write(text.replace("core-3, address", "core-5, address") + "record_route: false\n")
plan = ctl("reload", "--dry-run")
equal(plan["dry_run"], True, "dry run")
for want in (
    "record_route: true -> false",
    "pool core: backend core-3 removed",
    "pool core: backend core-5 added: address 10.2.0.13:5060",
):
    check(want in plan["differences"], "no word of '%s' in %s" % (want, plan["differences"]))
equal(plan["pools"][0]["name"], "core", "pool of the plan")
check(plan["pools"][0]["moved"] > 0, "nothing would move")
check("core-5" not in [b["name"] for b in ctl("pool", "show", "core")["pool"]["members"]],
      "a dry run changed the pool")
equal(ctl("reload")["pools"][0]["moved"], plan["pools"][0]["moved"], "what moved and was foretold")
check(member("core-5")["state"] == "up", "core-5 is not there")
ctl("reload", "--reset")
equal(member("core-1")["state"], "up", "state after a reset")
equal(member("core-2")["weight"], 1, "weight after a reset")

with open(place + "/viaduct.yaml", "a", encoding="ascii") as f:
    f.write("workers: many\nnonsense: 1\n")
said = ctl("reload", status=1)
for want in ("workers:", "nonsense"):
    check(want in said, "no word of %s in: %s" % (want, said))

# --- the node ------------------------------------------------------------------------------------
with open(place + "/viaduct.yaml", "w", encoding="ascii") as f:
    f.write(text)
options = lambda: request("OPTIONS", uri="sip:%s:5060" % OUT[4])
lab.answered(options(), 200, "OPTIONS")
ctl("drain", "on")
lab.answered(options(), 503, "OPTIONS to a draining node")
ctl("reload")
lab.answered(options(), 503, "OPTIONS to a draining node after a reload")
equal(ctl("status")["draining"], True, "draining")
ctl("drain", "off")
lab.answered(options(), 200, "OPTIONS after a drain")

# --- what cannot be ------------------------------------------------------------------------------
for words, want in (
    (("backend", "set", "core", "core-9", "state=up"), "core-"),
    (("backend", "set", "cora", "core-1", "state=up"), 'did you mean "core"'),
    (("backend", "add", "core", "core-1", "10.2.0.99"), "has a backend core-1 already"),
    (("backend", "add", "core", "x", "10.2.0.12"), "as backend core-2"),
    (("backend", "add", "core", "x", OUT[4]), "address of listener"),
):
    check(want in ctl(*words, status=1), "%s: %s" % (" ".join(words), want))
lab.close()
PYTHON

# --- SIPp's calls -------------------------------------------------------------------------------

change() { ctl "$@" >"$LAB_DIR/ctl.out" 2>&1 || fail "viactl $*: $(cat "$LAB_DIR/ctl.out")"; }

sipp_servers 4 cancel_uas
sipp_server s4 10.2.0.14 cancel_uas
capture "$NS_S" net0 "$LAB_DIR/servers.pcap"
sipp_calls caller "$CALLER4" "$OUT4" cancel_uac 400 100 &
calls=$!
for _ in 1 2 3; do
	sleep 0.3
	change backend set core core-1 state=drain
	sleep 0.1
	change backend add core core-4 10.2.0.14:5060 weight=2
	sleep 0.3
	change backend set core core-2 weight=5
	sleep 0.1
	change backend remove core core-4
	sleep 0.3
	change reload --reset
done
wait $calls || true
assert_calls caller 400
capture_stop
sipp_servers_stop
sipp_server_stop s4
for server in s1 s2 s3 s4; do
	assert_eq "$(sipp_stat $server 'FailedCall(C)')" 0 "calls that failed at $server"
done
LAB_SRV4="${SRV4[*]} 10.2.0.14" check_calls_kept "$LAB_DIR/servers.pcap" 400

# A drain that waits ends by itself once the backend is silent.
timeout 30 "$VIACTL" --socket "$LAB_DIR/control.sock" backend set core core-1 state=drain --wait \
	>"$LAB_DIR/wait.out" 2>&1 || fail "drain --wait: $(cat "$LAB_DIR/wait.out")"
viaduct_stop
