#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two nodes, one virtual address: probes of the standby. With a source that the node does not have
# it does not probe, says so once and blames nobody; when the address comes, probes come from it;
# when it goes, states stay as they are.
#
#   caller 10.1.0.1 ---- out0 viaduct in0 ---- servers 10.2.0.11, .12, .13
#                                      10.2.0.99: the virtual address
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
probe='interval: 200ms, timeout: 150ms, rise: 2, fall: 2, source: 10.2.0.99'
probe="{$probe, from: \"sip:lb@vip.example.com\", request_uri: \"sip:ping@example.com\"}"
sed -i "s/^  - name: core/&\\n    probe: $probe/" "$LAB_DIR/viaduct.yaml"
viaduct_start

check_python <<'PYTHON'
import subprocess

from healthlab import *

servers = [Server(a) for a in SERVERS[4]]
farm = Farm(servers)


def virtual(word):
    subprocess.run(
        ["ip", "-n", NS_P, "address", word, "10.2.0.99/24", "dev", "in0"], check=True
    )


until("not said", lambda: log_lines("this node does not have their source 10.2.0.99"))
time.sleep(2)
equal(sum(len(s.probes) for s in servers), 0, "probes without the source")
equal(states(), ["up"] * 3, "states of the standby")
equal([b["probe"]["sent"] for b in members()], [0] * 3, "probes counted")

virtual("add")
until("no probes", lambda: all(len(s.probes) > 3 for s in servers))
m, source, _ = servers[0].probes[-1]
equal(source[0], "10.2.0.99", "source of the probes")
check("10.2.0.99" in m.one("via"), "Via: " + m.one("via"))
equal(m.uri, "sip:ping@example.com", "Request-URI")
check(m.one("from").startswith("<sip:lb@vip.example.com>;tag="), "From: " + m.one("from"))
servers[1].mode = "mute"
until("it does not go down", lambda: states()[1] == "down")

virtual("delete")
until("not said", lambda: len(log_lines("this node does not have their source")) == 2)
before = sum(len(s.probes) for s in servers)
time.sleep(2)
equal(sum(len(s.probes) for s in servers), before, "probes after the source went")
equal(states(), ["up", "down", "up"], "states after the source went")

servers[1].mode = "ok"
virtual("add")
until("it does not come up", lambda: states()[1] == "up")
equal(len(log_lines("this node does not have their source")), 2, "lines about the source")
PYTHON
viaduct_stop
