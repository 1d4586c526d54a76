#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The first message to a neighbour that nobody knows is not lost: Linux resolves it and sends
# (both families, both directions). A neighbour that moves to another link address is followed. One
# that an operator entered stays as entered, though opening the device makes Linux forget it.
#
#   caller 10.1.0.1, fd01::1 ---- out0 viaduct in0 ---- servers 10.2.0.11 ..., fd02::11 ...
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
in_servers sh -c 'cd /proc/sys/net
	echo 1 >ipv4/conf/net0/arp_notify
	echo 1 >ipv6/conf/net0/ndisc_notify'
lab_config 46 </dev/null
entered="10.2.0.12 dev in0 lladdr 02:00:00:00:00:99 PERMANENT"
ip -n "$NS_P" neighbor replace 10.2.0.12 lladdr 02:00:00:00:00:99 dev in0 nud permanent
viaduct_start
is_entered() { ip -n "$NS_P" neighbor show dev in0 | sed 's/^[^ ]*/& dev in0/; s/ *$//' |
	grep -qxF "$entered"; }
wait_until 20 is_entered || fail "viaduct undid the neighbour that an operator entered"
sleep 1.5 # a probe would have changed it
is_entered || fail "viaduct changed the neighbour that an operator entered"
ip -n "$NS_P" neighbor del 10.2.0.12 dev in0
check_python <<'PYTHON'
import os
import time

from siplab import *


def ip(*words):
    check(os.system("ip " + " ".join(words)) == 0, "ip " + " ".join(words))


def known(device):
    return [
        x
        for x in os.popen("ip -n %s neighbor show dev %s" % (NS_P, device))
        if "lladdr" in x and "PERMANENT" not in x
    ]


for family in 4, 6:
    lab = Lab(family)
    for turn in range(3):
        for device in "in0", "out0":
            ip("-n", NS_P, "neighbor flush dev", device)
            equal(known(device), [], "neighbours on %s after the flush" % device)
        at, got = lab.forwarded(request(family=family), "first message to an unknown server")
        ip("-n", NS_P, "neighbor flush dev out0")
        lab.reply(at, response(got))
        check(lab.at_caller() is not None, "first message to an unknown caller did not come")

    # The servers' host gets another network card: it announces itself (arp_notify, ndisc_notify),
    # as hosts do.
    ip("-n", NS_S, "link set net0 address 02:00:00:00:%02d:77" % family)
    time.sleep(0.1)
    arrived = sum(1 for _ in range(5) if (lab.send(request(family=family)), lab.at_server(1.0))[1])
    check(arrived >= 4, "%d of 5 messages came to the servers after their move" % arrived)
    lab.close()
PYTHON
viaduct_stop
