#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Health without probes: ICMP errors are counted, and eject where the file says so, each time for
# longer; a server that answers 503 with Retry-After rests; panic holds here too.
#
#   caller 10.1.0.1 ---- out0 viaduct in0 ---- servers 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
cp "$LAB_DIR/viaduct.yaml" "$LAB_DIR/plain.yaml"
sed 's/^  - name: core/&\n    passive: {unreachable: 3, eject: true, eject_time: 1s}/' \
	"$LAB_DIR/plain.yaml" >"$LAB_DIR/eject.yaml"
viaduct_start

check_python "$VIADUCT_PID" <<'PYTHON'
import os
import shutil
import signal
import sys

from healthlab import *


class Resting(Server):
    rest = 0

    def serve(self, m, source):
        if self.rest:
            extra = ["Retry-After: %d" % self.rest]
            self.sock.sendto(response(m, 503, "Service Unavailable", extra=extra), source)


servers = [Resting(a) for a in SERVERS[4]]
farm = Farm(servers)
one, two, three = servers
caller, proxy = udp(NS_C, CALLER[4], 5060), (OUT[4], 5060)
RATE = 0.15  # seconds between requests: the servers' kernels limit ICMP errors too


def call_until(what, test, wait=30.0):
    """Calls go on until test() is true."""
    end = time.monotonic() + wait
    while not test():
        if time.monotonic() > end:
            fail("%s: %s" % (what, json.dumps(pool(), indent=1)))
        for _ in range(3):
            caller.sendto(request("MESSAGE"), proxy)
        time.sleep(RATE)


def passive(n):
    return members()[n]["passive"]


# --- counted, suspect, but not out ----------------------------------------------------------

equal(len(one.probes) + len(two.probes), 0, "probes without a probe section")
two.open(False)
call_until("ICMP errors are not counted", lambda: passive(1)["unreachable"] >= 3)
until("it is not suspect", lambda: "ICMP" in passive(1)["suspect"])
equal(states(), ["up", "up", "up"], "states without eject")
until("not logged", lambda: log_lines("core-2 is suspect"))

# --- out, back, out for longer --------------------------------------------------------------

shutil.copy(PLACE + "/eject.yaml", PLACE + "/viaduct.yaml")
os.kill(int(sys.argv[1]), signal.SIGHUP)
call_until("it is not ejected", lambda: states()[1] == "down")
b = members()[1]
equal(b["cause"], "icmp", "cause")
check("out for 1 s" in b["why"], "why: " + b["why"])
until("it does not come back", lambda: states()[1] == "up")
call_until("it is not ejected again", lambda: states()[1] == "down")
check("out for 2 s" in members()[1]["why"], "why: " + members()[1]["why"])
two.open(True)
until("it does not come back", lambda: states()[1] == "up")

# --- 503 with Retry-After -------------------------------------------------------------------

three.rest = 2
call_until("it does not rest", lambda: states()[2] == "drain")
b = members()[2]
equal(b["cause"], "retry-after", "cause")
check(b["passive"]["resting_until"], "resting_until")
check(b["passive"]["errors"] > 0, "errors: %r" % b["passive"])
three.rest = 0
equal(farm.calls(40, caller, proxy)[2], 0, "calls to a server at rest")
until("it rests for ever", lambda: states()[2] == "up")
equal(passive(2)["resting_until"], None, "resting_until")

# --- no more than half of a pool ------------------------------------------------------------

for s in servers:
    s.rest = 60
call_until("no panic", lambda: pool()["panic"])
until("states in panic", lambda: sorted(states()) == ["drain", "up", "up"])
PYTHON
viaduct_stop
