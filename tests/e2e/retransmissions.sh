#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Every retransmission is forwarded, equal to the byte, to one server; a client whose NAT moved it
# to another port keeps server and branch (RFC 3261 16.11).
#
#   Python caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 Python servers
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
viaduct_start
check_python <<'PYTHON'
from siplab import *

lab = Lab()
for family in 4, 6:
    if family == 6:
        lab = Lab(6, 4)
    ask = request(family=family, body=b"v=0\r\n")
    seen = [lab.forwarded(ask) for _ in range(10)]
    equal(len({(at, m.raw) for at, m in seen}), 1, "different outputs for ten equal requests")
    moved = udp(NS_C, CALLER[family], 40000)
    lab.send(ask, moved)
    at, m = lab.at_server()
    equal(
        (at, m.param("via", "branch")),
        (seen[0][0], seen[0][1].param("via", "branch")),
        "server and branch from another port",
    )
    others = {lab.forwarded(request(family=family))[1].param("via", "branch") for _ in range(20)}
    equal(len(others), 20, "branches of 20 transactions")
    moved.close()
    lab.close()
PYTHON
viaduct_stop
