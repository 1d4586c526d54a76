#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Keep-alives, STUN, junk and headers cut short are dropped in silence, and the next call is none
# the worse.
#
#   Python caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 Python servers
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
viaduct_start
check_python <<'PYTHON'
from siplab import *

lab = Lab()
stun = bytes.fromhex("000100002112a442") + bytes(12)
for what, raw in [
    ("two CRLFs", b"\r\n\r\n"),
    ("one CRLF", b"\r\n"),
    ("NULs", bytes(4)),
    ("an empty datagram", b""),
    ("one byte", b"I"),
    ("STUN", stun),
    ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("noise", bytes(range(256)) * 5),
    ("a start line only", b"INVITE sip:bob@example.com SIP/2.0"),
    ("65,507 noughts", b"0" * 65507),
    ("a response from nowhere", b"SIP/2.0 200 OK\r\n\r\n"),
]:
    lab.dropped(raw, what)
at, got = lab.forwarded(request())
lab.reply(at, response(got))
equal(lab.at_caller().status, 200, "the call after them")
PYTHON
viaduct_stop
