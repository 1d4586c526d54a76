#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# OPTIONS to the proxy itself is answered by it, as RFC 3261 11.2 says, also at Max-Forwards 0;
# OPTIONS to a user goes to a server. sipsak is what operators probe with;
# its -H spares it a look-up of the host's own name.
#
#   sipsak, Python 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"
need sipsak

lab_up
lab_config </dev/null
viaduct_start
in_caller timeout 10 sipsak -H "$CALLER4" -s "sip:$OUT4" >"$LAB_DIR/sipsak.out" 2>&1 ||
	fail "sipsak: $(cat "$LAB_DIR/sipsak.out")"
check_python <<'PYTHON'
from siplab import *

for family in 4, 6:
    lab = Lab(family, 4)
    to_us = "sip:%s" % host(OUT[family])
    for hops in "70", "0":
        ask = request("OPTIONS", to_us, family=family, max_forwards=hops)
        answer = lab.answered(ask, 200, "OPTIONS to the proxy, Max-Forwards " + hops)
        for name in "accept", "accept-encoding", "accept-language", "supported":
            check(len(answer.values(name)) == 1, "no %s in the 200" % name)
        equal(answer.values("allow"), [], "Allow")
        equal(lab.answered(ask, 200).raw, answer.raw, "the second answer")
    at, got = lab.forwarded(request("OPTIONS", "sip:bob@%s" % host(OUT[family]), family=family))
    lab.reply(at, response(got))
    equal(lab.at_caller().status, 200, "OPTIONS through the proxy")
    lab.close()
PYTHON
viaduct_stop
