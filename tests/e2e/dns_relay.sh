#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Names as next hops (RFC 3263), with a real DNS server: in the Request-URI, in a Route, in a Via
# without received. One transaction keeps its server, also when the records change under it; many
# are spread by weight.
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/nsd.sh"

lab_up
nsd_prepare
zone() {
	nsd_zone <<END
s1 A 10.2.0.11
s2 A 10.2.0.12
s3 A 10.2.0.13
alias CNAME s3
caller A $CALLER4
_sip._udp.srv 1 SRV 10 30 5060 s1
_sip._udp.srv 1 SRV 10 10 5060 s2
_sip._udp.srv 1 SRV 20 10 5060 s3
naptr NAPTR 10 10 "s" "SIP+D2T" "" _sip._tcp.none
naptr NAPTR 20 10 "s" "SIP+D2U" "" _sip._udp.srv
none A 10.2.0.11
_sip._udp.none SRV 0 0 0 .
moves A $1
END
}
zone 10.2.0.11
nsd_start
lab_config <<YAML
trusted: ["$CALLER4"]
resolvers: [$NSD_AT]
dns: {timeout: 200ms, attempts: 2, wait: 1s}
YAML
viaduct_start
check_python "$LAB_DIR/call" <<'PYTHON'
from siplab import *

lab = Lab()
for what, uri, routes, server in [
    ("name and port", "sip:x@s2.lab.test:5060", [], 1),
    ("name alone", "sip:x@s3.lab.test", [], 2),
    ("name in capitals with a dot", "sip:x@S3.LAB.test.", [], 2),
    ("alias", "sip:x@alias.lab.test:5060", [], 2),
    ("Route", "sip:x@elsewhere.example", ["<sip:s2.lab.test;lr>"], 1),
    ("maddr", "sip:x@elsewhere.example;maddr=s1.lab.test", [], 0),
]:
    ask = request("MESSAGE", uri, extra=["Route: " + r for r in routes])
    at, got = lab.forwarded(ask, what)
    equal(at, server, what + ": server")
    equal(got.uri, uri, what + ": Request-URI")
    lab.reply(at, response(got))
    check(lab.at_caller() is not None, what + ": no response")

for what, uri, status in [
    ("no such name", "sip:x@gone.lab.test", 500),
    ("a service that there is not", "sip:x@none.lab.test;transport=udp", 500),
]:
    lab.answered(request("MESSAGE", uri), status, what)

# --- equal choices: by transaction, by weight, the first priority only ---------------------------
count = [0, 0, 0]
for _ in range(60):
    via = ["SIP/2.0/UDP %s:5060;branch=%s" % (CALLER[4], branch())]
    call = call_id()
    at, got = lab.forwarded(request("INVITE", "sip:x@srv.lab.test", via=via, call=call))
    count[at] += 1
    for method in ("INVITE", "CANCEL", "ACK"):
        again, _ = lab.forwarded(
            request(
                method,
                "sip:x@srv.lab.test",
                via=via,
                call=call,
                to_tag="s1" if method == "ACK" else None,
            )
        )
        equal(again, at, "server of the " + method)
equal(count[2], 0, "requests at the server of the later priority")
check(count[1] >= 3 and count[0] > count[1], "not spread by weight: %s" % count)
at, got = lab.forwarded(request("MESSAGE", "sip:x@naptr.lab.test"), "NAPTR")
check(at in (0, 1), "NAPTR led to server %d" % at)

# --- a Via that names a host, without received ---------------------------------------------------
via = ["SIP/2.0/UDP caller.lab.test:5060;branch=" + branch()]
at, got = lab.forwarded(request("MESSAGE", "sip:x@s1.lab.test", via=via))
vias = got.members("via")
check("received=" in vias[1], "no received on a name")
bare = [vias[0], vias[1].replace(";received=" + CALLER[4], "")]
check("received" not in bare[1], bare[1])
lab.reply(at, response(got, via=bare))
answer = lab.at_caller()
check(answer is not None and answer.status == 200, "a response to a Via with a name")

# --- records that change while a call rings ------------------------------------------------------
via = ["SIP/2.0/UDP %s:5060;branch=%s" % (CALLER[4], branch())]
call = call_id()
at, _ = lab.forwarded(request("INVITE", "sip:x@moves.lab.test", via=via, call=call))
equal(at, 0, "server of the INVITE")
with open(sys.argv[1], "w", encoding="ascii") as f:
    f.write(via[0] + "\n" + call)
lab.close()
PYTHON
zone 10.2.0.12
sleep 3.2
check_python "$LAB_DIR/call" <<'PYTHON'
from siplab import *

lab = Lab()
with open(sys.argv[1], encoding="ascii") as f:
    via, call = f.read().split("\n")
at, _ = lab.forwarded(request("INVITE", "sip:x@moves.lab.test"))
equal(at, 1, "server of a new call after the change")
at, _ = lab.forwarded(request("CANCEL", "sip:x@moves.lab.test", via=[via], call=call))
equal(at, 0, "server of the CANCEL")
lab.close()
PYTHON

# --- resolvers that are gone ---------------------------------------------------------------------
nsd_stop
sleep 2.5
check_python <<'PYTHON'
from siplab import *

lab = Lab()
at, _ = lab.forwarded(request("MESSAGE", "sip:x@moves.lab.test"), "name that was known")
equal(at, 1, "server of a name that was known")
lab.answered(request("MESSAGE", "sip:x@new.lab.test"), 500, "name that was not known")
lab.close()
PYTHON
nsd_start
ctl dns >"$LAB_DIR/ctl.out"
assert_in_log "$NSD_AT:53 +(answers|silent)" "$LAB_DIR/ctl.out"
viaduct_stop
