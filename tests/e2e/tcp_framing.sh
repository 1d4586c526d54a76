#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Messages in a stream of bytes (RFC 3261 18.3): byte by byte, many in one segment, across segments;
# the CRLF ping and its pong (RFC 5626); a frame that is broken gets 400 and the connection ends; a
# message that is only wrong gets 400 and the connection goes on.
#
#   Python 10.1.0.1, fd01::1 ==TCP== out0 viaduct
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config 46 </dev/null
viaduct_start
check_python <<'PYTHON'
from siplab import *
import time


def ask(s, family, **more):
    via = "SIP/2.0/TCP %s:%d;branch=%s" % (host(CALLER[family]), s.port, branch())
    return request("OPTIONS", "sip:%s" % host(OUT[family]), via=[via], family=family, **more)


def connect(family):
    return Stream.connect(NS_C, CALLER[family], (OUT[family], 5060))


def answered(s, status, what):
    got = s.message()
    check(got is not None, "%s: no answer" % what)
    equal(got.status, status, what)
    return got


for family in 4, 6:
    s = connect(family)
    s.send(ask(s, family))
    answer = answered(s, 200, "OPTIONS by TCP")
    equal(len(answer.values("accept")), 1, "rows of Accept")
    for byte in ask(s, family):
        s.send(bytes([byte]))
    answered(s, 200, "byte by byte")
    many = [ask(s, family, cseq=i, body=b"x" * (i * 37)) for i in range(1, 41)]
    s.send(b"".join(many))
    for i in range(1, 41):
        equal(answered(s, 200, "one of many").one("cseq"), "%d OPTIONS" % i, "order of answers")
    whole = b"".join(many)
    for at in range(0, len(whole), 1000):
        s.send(whole[at : at + 1000])
        time.sleep(0.005)
    for i in range(1, 41):
        equal(answered(s, 200, "across segments").one("cseq"), "%d OPTIONS" % i, "order")
    s.send(b"\r\n\r\n")
    equal(s.exactly(2), b"\r\n", "pong")
    s.send(b"\r\n\r\n" + ask(s, family))
    equal(s.exactly(2), b"\r\n", "pong before the answer")
    answered(s, 200, "after a ping")

    s.send(ask(s, family, max_forwards="many"))
    answered(s, 400, "a wrong header")
    s.send(ask(s, family))
    answered(s, 200, "the connection goes on after it")

    for length in "x", "-1", "99999999999", None:
        broken = ask(s, family)
        row = b"" if length is None else b"Content-Length: " + length.encode() + b"\r\n"
        s.send(broken.replace(b"Content-Length: 0\r\n", row))
        got = s.message()
        check(got is not None and got.status >= 400, "Content-Length %s: answer" % length)
        check(s.ended(), "Content-Length %s: the connection should end" % length)
        s.close()
        s = connect(family)
    s.send(b"GET / HTTP/1.1\r\nHost: me\r\n\r\n")
    check(s.ended(), "no SIP at all: the connection should end")
    s.close()
    s = connect(family)
    s.send(ask(s, family))
    answered(s, 200, "another connection")
    s.close()
PYTHON
lab_balance
viaduct_stop
