#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A flood of requests that the control thread has to carry, to a server that never reads: queues
# fill, callers are refused or their requests dropped and counted, and nothing of it harms requests
# by UDP to servers that take UDP.
#
#   Python 10.1.0.1 --UDP-- out0 viaduct in0 ==TCP== 10.2.0.13, that does not read
#                                            --UDP-- 10.2.0.11
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
SRV4=(10.2.0.11)
export LAB_SRV4="${SRV4[*]}"
lab_config <<'YAML'
trusted: ["10.1.0.1"]
YAML
viaduct_start
check_python <<'PYTHON'
from siplab import *

lab = Lab()
deaf = TcpServer(NS_S, "10.2.0.13", 5060)
flood = udp(NS_C, CALLER[4])
me = "%s:%d" % flood.getsockname()
body = b"b" * 1200
for round in range(40):
    for i in range(100):
        via = ["SIP/2.0/UDP %s;branch=%s" % (me, branch())]
        raw = request("MESSAGE", "sip:x@10.2.0.13;transport=tcp", via=via, body=body)
        flood.sendto(raw, lab.proxy)
    at, got = lab.forwarded(request("MESSAGE"), "a request beside the flood")
    lab.reply(at, response(got))
    equal(lab.at_caller().status, 200, "and its response")
PYTHON
over=$(lab_counter handed_over)
assert_ge "$over" 1000 "messages handed over"
assert_eq "$(lab_counter rx_taken_over)" "$over" "messages taken over"
lab_balance
ctl transactions >"$LAB_DIR/transactions" || fail "transactions are not listed"
viaduct_stop
