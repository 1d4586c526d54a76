#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A TAP device without a kernel side of its own: Linux at the other end of it is caller and server,
# neighbours are static.
#
#   caller 10.9.0.1:5060, server 10.9.0.1:5070 (Linux) ---- vt0 ---- 10.9.0.10 viaduct
. "$(dirname "$0")/../lib/e2e.sh"

[ -e /dev/net/tun ] || skip "no /dev/net/tun"
lab_up one
lab_secret
cat >"$LAB_DIR/viaduct.yaml" <<YAML
hugepages: off
secret: "file:$LAB_DIR/secret"
interfaces:
  - name: net
    device: "tap:vt0"
    addresses: ["10.9.0.10/24"]
    neighbors: [{address: "10.9.0.1", mac: "02:00:00:00:09:01"}]
pools:
  - {name: core, backends: [{name: only, address: "10.9.0.1:5070"}]}
routes:
  - {pool: core}
YAML
viaduct_start
# The driver gives both ends one link address: Linux takes another.
theirs=$(in_proxy cat /sys/class/net/vt0/address)
ip -n "$NS_P" link set vt0 address 02:00:00:00:09:01
ip -n "$NS_P" link set vt0 up
ip -n "$NS_P" address add 10.9.0.1/24 dev vt0
ip -n "$NS_P" neighbor replace 10.9.0.10 lladdr "$theirs" dev vt0
check_python <<'PYTHON'
from siplab import *

caller, server = udp(NS_P, "10.9.0.1", 5060), udp(NS_P, "10.9.0.1", 5070)
via = ["SIP/2.0/UDP 10.9.0.1:5060;branch=" + branch()]
caller.sendto(request("OPTIONS", "sip:10.9.0.10", via=via), ("10.9.0.10", 5060))
got = receive([caller])
check(got is not None, "no answer to OPTIONS")
equal(Sip(got[1]).status, 200, "answer to OPTIONS")
for size in 200, 9000:
    via = ["SIP/2.0/UDP 10.9.0.1:5060;branch=" + branch()]
    raw = request("INVITE", "sip:bob@10.9.0.10", via=via, body=b"x" * size)
    caller.sendto(raw, ("10.9.0.10", 5060))
    got = receive([server])
    check(got is not None, "INVITE with %d bytes did not come" % size)
    equal(got[2], ("10.9.0.10", 5060), "source of the INVITE")
    server.sendto(response(Sip(got[1]), body=b"y" * size), got[2])
    back = receive([caller])
    check(back is not None and Sip(back[1]).body == b"y" * size, "its response")
PYTHON
viaduct_stop
