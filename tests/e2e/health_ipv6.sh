#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Probes by IPv6: what they look like, ICMPv6 errors, time-outs, recovery.
#
#   ---- out0 viaduct in0 fd02::10 ---- servers fd02::11, ::12, ::13
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config 6 </dev/null
sed -i 's/^  - name: core6/&\n    probe: {interval: 200ms, timeout: 150ms, rise: 2, fall: 2}/' \
	"$LAB_DIR/viaduct.yaml"
viaduct_start

check_python <<'PYTHON'
from healthlab import *

servers = [Server(a) for a in SERVERS[6]]
farm = Farm(servers)
until("no probes", lambda: all(len(s.probes) >= 3 for s in servers))
m, source, _ = servers[0].probes[-1]
check(same_address(source[0], IN[6]), "source %r" % (source,))
equal(m.uri, "sip:[fd02::11]:5060", "Request-URI")
check(m.one("via").startswith("SIP/2.0/UDP [fd02::10]:%d;" % source[1]), m.one("via"))
check(m.one("from").startswith("<sip:viaduct@[fd02::10]>"), m.one("from"))
until("not all are well", lambda: all(b["probe"]["ok"] for b in members("core6")))

servers[1].open(False)
until("it is not down", lambda: states("core6")[1] == "down")
equal(members("core6")[1]["probe"]["reason"], "port unreachable (ICMP)", "reason")
servers[1].open(True)
until("it is not up", lambda: states("core6")[1] == "up")
servers[2].mode = "mute"
until("it is not down", lambda: states("core6")[2] == "down")
equal(members("core6")[2]["probe"]["reason"], "timeout", "reason")
PYTHON
viaduct_stop
