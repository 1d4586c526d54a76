#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The size rule (RFC 3261 18.1.1): a request of a UDP caller that is too large for UDP goes by TCP
# to a server that takes both; its CANCEL, its ACK and retransmissions meet it there. A server that
# refuses TCP gets it in UDP fragments after all. Small requests stay with UDP.
#
#   Python 10.1.0.1 --UDP-- out0 viaduct in0 ==TCP== or --UDP-- 10.2.0.11
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
SRV4=(10.2.0.11)
LAB_TRANSPORTS="udp, tcp" lab_config </dev/null
viaduct_start
check_python <<'PYTHON'
from siplab import *
import time

BODY = b"b" * 3000
lab = Lab()
tcp = TcpServer(NS_S, SERVERS[4][0])


def answer(s, got, status, phrase="Test", **more):
    s.send(response(got, status, phrase, **more))


def back(status, what):
    got = lab.at_caller()
    check(got is not None, "%s: nothing came back" % what)
    equal(got.status, status, what)
    return got


# Small: UDP.
at, got = lab.forwarded(request("MESSAGE"))
equal(got.values("via")[0].split()[0], "SIP/2.0/UDP", "our Via on a small request")
lab.reply(at, response(got))
back(200, "small request")

# Large: TCP, by one transaction.
raw = request("MESSAGE", body=BODY)
lab.send(raw)
s = tcp.accept()
check(s is not None, "a large request should come by TCP")
got = s.message()
equal(got.values("via")[0].split()[0], "SIP/2.0/TCP", "our Via on a large request")
check(got.values("record-route") == [] or "transport=tcp" in got.values("record-route")[0], "RR")
lab.send(raw)
check(s.message(SILENCE) is None, "its retransmission should be taken in")
answer(s, got, 200)
back(200, "large request")
lab.send(raw)
back(200, "its retransmission is answered again")
check(s.message(SILENCE) is None, "and goes no further")

# INVITE with a small CANCEL.
via = ["SIP/2.0/UDP %s:5060;branch=%s" % (CALLER[4], branch())]
call = call_id()
lab.send(request("INVITE", via=via, call=call, body=BODY))
invite = s.message()
answer(s, invite, 180)
check(lab.at_caller().status in (100, 180), "provisional response")
while receive([lab.caller], SILENCE):
    pass
lab.send(request("CANCEL", via=via, call=call))
back(200, "CANCEL is answered hop by hop")
cancel = s.message()
check(cancel is not None and cancel.method == "CANCEL", "the CANCEL should follow by TCP")
equal(cancel.param("via", "branch"), invite.param("via", "branch"), "branch of the CANCEL")
answer(s, cancel, 200)
answer(s, invite, 487)
final = back(487, "the INVITE is over")
ack = s.message()
check(ack is not None and ack.method == "ACK", "the proxy's ACK")
lab.send(request("ACK", via=via, call=call, to_tag="s1"))
check(s.message(SILENCE) is None, "the caller's ACK goes no further")
lab.silent("and nothing by UDP")
s.close()
tcp.close()

# TCP refused: fragments.
time.sleep(0.1)
for i in range(3):
    raw = request("MESSAGE", body=BODY)
    lab.send(raw)
    got = lab.at_server()
    check(got is not None, "a refused large request should come by UDP")
    equal(got[1].body, BODY, "its body")
    equal(got[1].values("via")[0].split()[0], "SIP/2.0/UDP", "our Via by UDP")
    lab.reply(0, response(got[1]))
    back(200, "by UDP after all")
lab.close()
PYTHON
lab_balance
viaduct_stop
