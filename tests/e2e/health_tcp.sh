#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Probes of servers that take no UDP: by TCP, with our own Via alone, down the connection that calls
# take. A server that refuses connections goes down at once, and comes back when it listens again.
#
#   caller 10.1.0.1 ---- out0 viaduct in0 ==TCP== servers 10.2.0.11, .12
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
SRV4=(10.2.0.11 10.2.0.12)
export LAB_SRV4="${SRV4[*]}"
LAB_TRANSPORTS=tcp lab_config </dev/null
sed -i 's/^  - name: core/&\n    probe: {interval: 300ms, timeout: 250ms, rise: 2, fall: 2}/' \
	"$LAB_DIR/viaduct.yaml"
viaduct_start
check_python <<'PYTHON'
from healthlab import *
import threading


def serve(server):
    """Answers all that comes by one connection; returns the probes when it ends."""
    s = server.accept(10)
    while s:
        got = s.message(10)
        if got is None:
            return
        probes.append(got)
        s.send(response(got))


probes = []
one = TcpServer(NS_S, SERVERS[4][0])
threading.Thread(target=serve, args=(one,), daemon=True).start()
until("the one that refuses is down", lambda: states() == ["up", "down"])
check("connection refused" in members()[1]["why"], "why: %r" % members()[1]["why"])
until("the other is well", lambda: members()[0]["probe"]["ok"])
got = probes[0]
equal(got.method, "OPTIONS", "what probes are")
check(got.one("via").startswith("SIP/2.0/TCP 10.2.0.10:5060;"), "Via: " + got.one("via"))
equal(got.uri, "sip:10.2.0.11:5060;transport=tcp", "Request-URI")
two = TcpServer(NS_S, SERVERS[4][1])
threading.Thread(target=serve, args=(two,), daemon=True).start()
until("it comes back", lambda: states() == ["up", "up"])
PYTHON
assert_ge "$(lab_counter probe_answers)" 3 "answers to probes"
assert_eq "$(lab_counter dropped_last_via)" 0 "answers that nobody took"
lab_balance
viaduct_stop
