#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Without a live server: 503 with Retry-After for new requests and for OPTIONS to the proxy itself
# (11.2), nothing for an ACK.
#
#   Python caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 Python servers
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
sed -i "s/:5060\"}/:5060\", state: down}/" "$LAB_DIR/viaduct.yaml"
viaduct_start
check_python <<'PYTHON'
from siplab import *

lab = Lab()
for method in "INVITE", "REGISTER", "FROB":
    ask = request(method)
    answer = lab.answered(ask, 503, method)
    check(
        int(answer.one("retry-after").split()[0]) > 0,
        "Retry-After: %r" % answer.values("retry-after"),
    )
    equal(lab.answered(ask, 503).raw, answer.raw, "the second answer")
lab.answered(request("OPTIONS", "sip:10.1.0.10"), 503, "OPTIONS to the proxy")
lab.dropped(request("ACK"), "ACK")
PYTHON
viaduct_stop
