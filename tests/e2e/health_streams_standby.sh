#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two nodes, one virtual address that the listener has: probes by TCP of the standby. Without the
# address it does not probe and blames nobody; when it comes, probes come from it; when it goes,
# states stay as they are.
#
#   caller 10.1.0.1 ---- out0 viaduct in0 ==TCP== servers 10.2.0.11, .12
#                                      10.2.0.99: the virtual address
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
SRV4=(10.2.0.11 10.2.0.12)
export LAB_SRV4="${SRV4[*]}"
LAB_TRANSPORTS=tcp lab_config <<'YAML'
listeners:
  - {name: vip, address: "10.2.0.99:5060"}
YAML
sed -i -e 's/^  - name: core/&\n    probe: {interval: 300ms, timeout: 250ms, rise: 2, fall: 2}/' \
	-e 's/packet:in0"/&, addresses: ["10.2.0.99\/24"]/' "$LAB_DIR/viaduct.yaml"
viaduct_start
check_python <<'PYTHON'
import subprocess

import tlslab
from healthlab import *


def virtual(word):
    subprocess.run(["ip", "-n", NS_P, "address", word, "10.2.0.99/24", "dev", "in0"], check=True)


one = tlslab.Server((SERVERS[4][0], 5060), lambda m: [response(m)])
time.sleep(2)
equal([b["probe"]["sent"] for b in members()], [0, 0], "probes without the address")
equal(states(), ["up", "up"], "states of the standby")

virtual("add")
until("it does not go down", lambda: states() == ["up", "down"])
until("no answer", lambda: members()[0]["probe"]["ok"])
equal(one.requests[0].one("via")[:27], "SIP/2.0/TCP 10.2.0.99:5060;", "Via")
equal(one.connections[0].sock.getpeername()[0], "10.2.0.99", "where probes come from")

virtual("delete")
time.sleep(1)  # the last one ends
before = [b["probe"]["sent"] for b in members()]
time.sleep(2)
equal([b["probe"]["sent"] for b in members()], before, "probes after the address went")
equal(states(), ["up", "down"], "states after the address went")
PYTHON
viaduct_stop
