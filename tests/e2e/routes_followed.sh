#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Servers behind a router: routes of Linux are followed while they come, change and go, and a link
# that was down serves again. Without a route the answer is a 500, not silence.
#
#   caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11 or .12, routers to server 10.3.0.1, fd03::1
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_address "$NS_S" lo 10.3.0.1/32 fd03::1/128
SRV4=(10.3.0.1) SRV6=(fd03::1) # the pools of lab_config
lab_config 46 </dev/null
viaduct_start
LAB_SRV4=10.3.0.1 LAB_SRV6=fd03::1 check_python <<'PYTHON'
import os
import time

from siplab import *


def ip(words):
    check(os.system("ip -n %s %s" % (NS_P, words)) == 0, "ip " + words)


def comes_true(attempt, what):
    """A change of Linux takes a moment to reach the workers."""
    end = time.monotonic() + WAIT
    while not attempt():
        check(time.monotonic() < end, what)


for family, net, routers, down in (
    (4, "10.3.0.0/24", ("10.2.0.11", "10.2.0.12"), "10.2.0.0/24"),
    (6, "fd03::/64", ("fd02::11", "fd02::12"), "fd02::/64"),
):
    lab = Lab(family)

    def arrives():
        lab.send(request(family=family))
        got = lab.at_server(0.2)
        return got is not None and lab.at_caller(0.01) is None

    def refused():
        lab.send(request(family=family))
        answer = lab.at_caller(0.2)
        return answer is not None and answer.status == 500

    comes_true(refused, "no 500 without a route (IPv%d)" % family)
    ip("route add %s via %s" % (net, routers[0]))
    comes_true(arrives, "a new route is not followed (IPv%d)" % family)
    ip("route replace %s via %s" % (net, routers[1]))
    comes_true(arrives, "a changed route is not followed (IPv%d)" % family)
    ip("route delete %s" % net)
    comes_true(refused, "a deleted route is still followed (IPv%d)" % family)
    ip("link set in0 down")
    comes_true(refused, "no 500 while the link is down (IPv%d)" % family)
    ip("link set in0 up")
    if family == 6:
        ip("address replace %s/64 dev in0 nodad" % IN[6])
    ip("route add %s via %s" % (net, routers[0]))
    comes_true(arrives, "nothing passes after the link came back (IPv%d)" % family)
    if family == 4:
        ip("address replace %s/64 dev in0 nodad" % IN[6])
    lab.close()
PYTHON
viaduct_stop
