#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two viaducts joined by shared memory, each with a TAP beside it: the first does nothing but give
# the callers' Linux an interface. Fragments cross as they are on that wire, so datagrams up to the
# largest are put together and handed to Linux; the TAP follows the link.
#
#   SIPp caller 10.1.0.1 -- TAP net0, viaduct == memif == viaduct, TAP outside -- in0 servers
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tap.sh"
need sipp socat ping

[ -e /dev/net/tun ] || skip "no /dev/net/tun"
lab_up
ip -n "$NS_P" link delete out0
lab_config 46 </dev/null
sed -i "s|{name: outside, device: \"packet:out0\"}|{name: outside, kernel: tap$TAP_KEYS,\\
     device: \"memif:$LAB_DIR/memif.sock,role=server,mac=02:00:00:00:08:10\"}|" \
	"$LAB_DIR/viaduct.yaml"
cat >"$LAB_DIR/first.yaml" <<YAML
hugepages: off
secret: "file:$LAB_DIR/secret"
control: {socket: "$LAB_DIR/first.sock"}
interfaces:
  - name: net0
    device: "memif:$LAB_DIR/memif.sock,role=client,mac=02:00:00:00:08:01"
    kernel: tap
    addresses: ["$CALLER4/24", "$CALLER6/64"]
listeners:
  - {name: unused, address: "$CALLER4:5999", transports: [udp]}
  - {name: unused6, address: "[$CALLER6]:5999", transports: [udp]}
pools: [{name: none, backends: [{name: none, address: "$OUT4"}]}]
routes: [{pool: none}]
YAML
viaduct_start
second=$VIADUCT_PID
has_carrier() { [ "$(in_proxy cat /sys/class/net/outside/carrier)" = "$1" ]; }
wait_until 20 has_carrier 0 || fail "the TAP has a carrier while nobody is at the other end"
NS_P=$NS_C viaduct_start "$LAB_DIR/first.yaml"
wait_until 20 has_carrier 1 || fail "the TAP has no carrier"
wait_until 20 in_caller ping -c 1 -W 1 10.1.0.10 || fail "no echo"
wait_until 20 in_proxy ping -c 1 -W 1 fd01::1 || fail "no echo, IPv6"

tap_tcp in_caller in_proxy TCP6-LISTEN:7000,reuseaddr 'TCP6:[fd01::10]:7000'
tap_tcp in_proxy in_caller TCP4-LISTEN:7000,reuseaddr TCP4:10.1.0.1:7000
check_python 1 1472 1473 20000 65507 <"$TOP/tests/e2e/tap_kernel.py"
sipp_servers 4 call_uas
sipp_calls caller "$CALLER4" "$OUT4" call_uac 100 100 -d 100 || true
assert_calls caller 100

viaduct_stop
wait_until 20 has_carrier 0 || fail "the TAP keeps its carrier when the other end is gone"
VIADUCT_PID=$second
viaduct_stop
