#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What Linux knows by a TAP counts as on a shared interface: neighbours and routes are followed, the
# first message to an unknown neighbour is not lost, a reload changes addresses, gateway and
# neighbours of the TAP. Without "addresses" those count that operators put on the TAP. A name that
# is taken gets a number.
#
#   servers 10.1.0.1; 10.3.0.1 behind it ---- [out0: DPDK] viaduct, TAP outside; in0 ---- callers
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tap.sh"
need ethtool ping

tap_lab 4 </dev/null
SRV4=(10.3.0.1) # the pool of lab_config
TAP_KEYS=', addresses: ["10.1.0.10/24", "10.1.0.12/24"], gateway: "10.1.0.1"'
tap_config 4 </dev/null
lab_address "$NS_C" lo 10.3.0.1/32
in_caller sh -c 'echo 1 >/proc/sys/net/ipv4/conf/net0/arp_notify'
viaduct_start
tap_routes() { ip -n "$NS_P" route show dev outside; }
grep -q '^default via 10.1.0.1 ' <<<"$(tap_routes)" || fail "no default route: $(tap_routes)"
ip -n "$NS_C" route add 10.2.0.0/24 via 10.1.0.10

check_python <<'PYTHON'
import os
import time

from siplab import *


def ip(words):
    check(os.system("ip " + words) == 0, "ip " + words)


# The servers are where callers usually are, and the other way around.
server, caller = udp(NS_C, "10.3.0.1", 5060), udp(NS_S, "10.2.0.11", 5060)


def arrives(wait=WAIT):
    via = ["SIP/2.0/UDP 10.2.0.11:5060;branch=" + branch()]
    caller.sendto(request(via=via), ("10.2.0.10", 5060))
    got = receive([server], wait)
    if got:
        server.sendto(response(Sip(got[1])), got[2])
        check(receive([caller]) is not None, "the response did not come")
    return got is not None


def comes_true(attempt, what):
    end = time.monotonic() + WAIT
    while not attempt():
        check(time.monotonic() < end, what)


for turn in range(3):
    ip("-n %s neighbor flush dev outside" % NS_P)
    check(arrives(), "the first message to an unknown neighbour is lost")
ip("-n %s link set net0 address 02:00:00:00:09:77" % NS_C)
ip("-n %s route replace 10.2.0.0/24 via 10.1.0.10" % NS_C)
time.sleep(0.1)
check(sum(arrives(1.0) for _ in range(5)) >= 4, "the neighbour moved and was not followed")
ip("-n %s route add blackhole 10.3.0.0/24" % NS_P)
comes_true(lambda: not arrives(0.2), "a route of Linux is not followed")
while receive([caller], 0.1):
    pass
ip("-n %s route delete blackhole 10.3.0.0/24" % NS_P)
comes_true(lambda: arrives(0.2), "a route of Linux that went is still followed")
PYTHON

# A reload: another address, no gateway, a neighbour. Linux takes 10.1.0.12 off with 10.1.0.10,
# which was there before it.
TAP_KEYS=', addresses: ["10.1.0.11/24", "10.1.0.12/24"]'
TAP_KEYS+=', neighbors: [{address: "10.1.0.99", mac: "02:00:00:00:00:99"}]'
tap_config 4 </dev/null
ctl reload >"$LAB_DIR/reload" || fail "no reload: $(cat "$LAB_DIR/reload")"
addresses=$(ip -n "$NS_P" -4 -o address show dev outside | awk '{ print $4 }' | sort | xargs)
assert_eq "$addresses" "10.1.0.11/24 10.1.0.12/24" "addresses of the TAP after the reload"
! grep -q default <<<"$(tap_routes)" || fail "the gateway is still there: $(tap_routes)"
ip -n "$NS_P" neighbor show dev outside | grep -q '^10.1.0.99 .*02:00:00:00:00:99 PERMANENT' ||
	fail "no permanent neighbour"
in_caller ping -c 1 -W 3 10.1.0.12 >/dev/null || fail "no echo from the new address"
! in_caller ping -c 1 -W 1 10.1.0.10 >/dev/null || fail "an echo from the old address"
viaduct_stop

# Nothing in the file: Linux says which addresses there are. The name is taken.
TAP_KEYS=
tap_config 4 </dev/null
ip -n "$NS_P" link add outside type veth peer name other
viaduct_start
ip -n "$NS_P" link show dev outside0 >/dev/null || fail "no TAP with a number in its name"
ip -n "$NS_P" address add 10.1.0.20/24 dev outside0
listens() { ctl --json status | grep -q '10.1.0.20:5060'; }
wait_until 20 listens || fail "no listener on an address that an operator gave the TAP"
in_caller ping -c 1 -W 3 10.1.0.20 >/dev/null || fail "no echo from it"
ip -n "$NS_P" link delete dev outside0
wait_until 20 grep -q 'outside0 is gone' "$LAB_DIR/viaduct.log" || fail "nothing said of a lost TAP"
used=$(ps -o cputimes= -p "$VIADUCT_PID")
sleep 2
assert_ge $((used + 1)) "$(ps -o cputimes= -p "$VIADUCT_PID")" "seconds of CPU without its TAP"
viaduct_stop

# A default route that is there stays, and the start says so.
TAP_KEYS=', addresses: ["10.1.0.10/24"], gateway: "10.1.0.1"'
tap_config 4 </dev/null
ip -n "$NS_P" route add default via 10.2.0.11
viaduct_start
assert_in_log 'gateway 10.1.0.1: Linux has another default route' "$LAB_DIR/viaduct.log"
viaduct_stop
