#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# RFC 3261 18.2.2: a response goes down the connection that its request came by; if that is gone, by
# a new one to the address in the Via, and if that cannot be either, it is dropped.
#
#   Python 10.1.0.1 ==TCP== out0 viaduct in0 ==TCP== 10.2.0.11
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
SRV4=(10.2.0.11)
LAB_TRANSPORTS=tcp lab_config </dev/null
viaduct_start
check_python <<'PYTHON'
from siplab import *
import time

server = TcpServer(NS_S, SERVERS[4][0])
caller = TcpServer(NS_C, CALLER[4], 5070)


def ask(port):
    via = "SIP/2.0/TCP %s:%d;branch=%s" % (CALLER[4], port, branch())
    return request("MESSAGE", via=[via])


c = Stream.connect(NS_C, CALLER[4], (OUT[4], 5060))
c.send(ask(5070))
s = server.accept()
check(s is not None, "the request should come by TCP")
got = s.message()
check(got.param("via", "vc"), "our Via names the connection")
s.send(response(got, 100, "Trying"))
back = c.message()
equal(back.status, 100, "down the connection of the request")
c.close()
time.sleep(0.2)  # for the proxy to see that
s.send(response(got, 200))
again = caller.accept()
check(again is not None, "a new connection to the port in the Via")
back = again.message()
equal(back.status, 200, "the response by it")
equal(len(back.values("via")), 1, "Vias")

# Nobody listens there.
c = Stream.connect(NS_C, CALLER[4], (OUT[4], 5060))
c.send(ask(5071))
got = s.message()
c.close()
time.sleep(0.2)
s.send(response(got, 200))
c = Stream.connect(NS_C, CALLER[4], (OUT[4], 5060))
c.send(ask(5070))
got = s.message()
s.send(response(got, 200))
check(c.message().status == 200, "others do not mind")
PYTHON
assert_eq "$(lab_counter connect_failed)" 1 "connections that could not be made"
lab_balance
viaduct_stop
