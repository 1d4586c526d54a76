#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Health as the traffic alone shows it, by a sample of one transaction in 64: a server that answers
# nothing is silent, one that answers 500 has errors; both go out, their calls go on elsewhere, and
# the one that answers well is never suspect.
#
#   caller 10.1.0.1 ---- out0 viaduct in0 ---- servers 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
passive='silence: 250, errors: 40, eject: true, eject_time: 60s'
sed -i "s/^  - name: core/&\\n    panic: 70\\n    passive: {$passive}/" "$LAB_DIR/viaduct.yaml"
viaduct_start

check_python <<'PYTHON'
from healthlab import *


class Answering(Server):
    status = 200

    def serve(self, m, source):
        if self.status:
            self.sock.sendto(response(m, self.status, "As Told"), source)


servers = [Answering(a) for a in SERVERS[4]]
farm = Farm(servers)
one, two, three = servers
caller, proxy = udp(NS_C, CALLER[4], 5060), (OUT[4], 5060)


def call_until(what, test, wait=60.0):
    """A few hundred calls a second until test() is true."""
    end = time.monotonic() + wait
    while not test():
        check(time.monotonic() < end, what + ": " + json.dumps(pool(), indent=1))
        for _ in range(100):
            for _ in range(5):
                caller.sendto(request("MESSAGE"), proxy)
            time.sleep(0.01)


call_until(
    "traffic is not counted",
    lambda: all(b["passive"]["responses"] >= 256 for b in members()),
)
equal([b["passive"]["suspect"] for b in members()], [""] * 3, "suspicions while all is well")

two.status = 0
call_until("silence is not noticed", lambda: states()[1] == "down")
b = members()[1]
equal(b["cause"], "silence", "cause")
check("without a response" in b["why"], "why: " + b["why"])

three.status = 500
call_until("errors are not noticed", lambda: states()[2] == "drain")
b = members()[2]
equal(b["cause"], "errors", "cause")
check("are 5xx" in b["why"], "why: " + b["why"])
check(b["passive"]["errors"] > 100, "errors: %r" % b["passive"])

equal(states()[0], "up", "state of the one that is well")
equal(farm.calls(50, caller, proxy), [50, 0, 0], "calls to each")
PYTHON
viaduct_stop
