#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Whole calls between a caller by TLS and servers by UDP, and the other way: Via and Record-Route of
# each side, ACK and BYE along the route in both directions, responses down the connection that the
# request came by, and sips: never over a hop without TLS (RFC 5630).
#
#   caller 10.1.0.1 -- out0 viaduct in0 -- servers: 10.2.0.11 UDP, 10.2.0.12:5061 TLS
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tls.sh"

lab_up
tls_ca ca
tls_cert ca proxy URI:sip:example.com,IP:10.1.0.10,IP:10.2.0.10
tls_cert ca server URI:sip:core.example
tls_cert ca phone IP:10.1.0.1
tls_config <<YAML
  # First: requests leave by the first TLS listener of an interface, and an alias counts for one.
$(tls_listener mutual 10.1.0.10:5071 "client_ca: $LAB_DIR/ca.pem")
$(tls_listener ext-tls 10.1.0.10:5061)
$(tls_listener int-tls 10.2.0.10:5061)
domains: [example.com, secure.example]
pools:
  - name: plain
    backends: [{name: p, address: "10.2.0.11:5060"}]
  - name: secure
    tls_name: core.example
    backends: [{name: s, address: "10.2.0.12:5061", transports: [tls]}]
routes:
  - {match: {domain: secure.example}, pool: secure}
  - {pool: plain}
YAML
viaduct_start
check_python <<'PYTHON'
from tlslab import *

trust = client_context("ca")
plain = udp(NS_S, "10.2.0.11", 5060)


def at_plain():
    got = receive([plain])
    check(got is not None, "nothing reached the UDP server")
    return Sip(got[1]), got[2]


def uri_of(value):
    return value[value.index("<") + 1 : value.index(">")]


def routes_of(response_or_request, back):
    """The Route lines of who got these Record-Routes: as they stand for the server, turned round
    for the caller (RFC 3261 12.1)."""
    rows = response_or_request.members("record-route")
    return ["Route: " + r for r in (rows if back else rows[::-1])]


def has_order(rows, first, second):
    """The double Record-Route of RFC 5658."""
    equal(len(rows), 2, "Record-Routes")
    check("10.2.0.10" in rows[0] and first in rows[0].lower(), "inside: " + rows[0])
    check("10.1.0.10" in rows[1] and second in rows[1].lower(), "outside: " + rows[1])


# --- a caller by TLS, a server by UDP ----------------------------------------------------------

caller = connect(("10.1.0.10", 5061), trust)
raw = request("INVITE", via=via("TLS", "10.1.0.1:7000"))
asked = Sip(raw)
caller.send(raw)
invite, proxy = at_plain()
equal(proxy, ("10.2.0.10", 5060), "source of the INVITE")
check(invite.members("via")[0].startswith("SIP/2.0/UDP 10.2.0.10:5060;"), "our Via by UDP")
check(invite.members("via")[1].startswith("SIP/2.0/TLS 10.1.0.1:7000;"), "the caller's Via")
has_order(invite.members("record-route"), "10.2.0.10:5060;lr", "transport=tls")
trying = caller.message()
check(trying is not None, "no response by TLS")
if trying.status == 100:
    trying = None
plain.sendto(response(invite, 180, "Ringing"), proxy)
ringing = trying or caller.message()
equal(ringing.status, 180, "first response of the server")
equal(ringing.members("via"), asked.members("via"), "Via of the response")
plain.sendto(response(invite, 200, extra=["Contact: <sip:srv@10.2.0.11:5060>"]), proxy)
ok = caller.message()
equal(ok.status, 200, "final response")
call, tag = ok.one("call-id"), ok.param("to", "tag")


def in_dialog(method, cseq, n=[0]):
    return request(
        method, "sip:srv@10.2.0.11:5060", via("TLS", "10.1.0.1:7000"), to_tag=tag, call=call,
        cseq=cseq, extra=routes_of(ok, False),
    )  # fmt: skip


caller.send(in_dialog("ACK", 1))
ack, _ = at_plain()
while ack.method != "ACK":  # a copy of the 200's INVITE may still be on its way
    ack, _ = at_plain()
equal(ack.members("route"), [], "routes left in the ACK")
# The server hangs up. The caller said in its Contact where it listens.
shows = server_context("phone", "ca")
home = Server(("10.1.0.1", 7000), lambda m: [response(m, tag=None)], shows, NS_C)
plain.sendto(
    request(
        "BYE", "sip:alice@10.1.0.1:7000;transport=tls", via("UDP", "10.2.0.11:5060"), to_tag="a1",
        call=call, extra=routes_of(invite, True),
    ),
    proxy,
)  # fmt: skip
done, _ = at_plain()
equal((done.status, done.one("cseq")), (200, "1 BYE"), "what the server got for its BYE")
bye = home.requests[0]
check(bye.members("via")[0].startswith("SIP/2.0/TLS 10.1.0.10:5061;"), "our Via by TLS")
check(home.connections[0].sock.getpeercert(), "the proxy showed no certificate")

# --- a caller by UDP, a server by TLS ----------------------------------------------------------


def answer(m):
    if m.method == "INVITE":
        contact = ["Contact: <sip:srv@10.2.0.12:5061;transport=tls>"]
        return [response(m, 180, "Ringing"), response(m, 200, extra=contact)]
    return [] if m.method == "ACK" else [response(m)]


secure = Server(("10.2.0.12", 5061), answer, server_context("server"))
phone = udp(NS_C, "10.1.0.1", 5060)


def phone_gets(wait=WAIT):
    """The next that is not a 100."""
    while True:
        got = receive([phone], wait)
        check(got is not None, "nothing reached the UDP caller")
        m = Sip(got[1])
        if m.status != 100:
            return m


phone.sendto(request("INVITE", "sip:bob@secure.example"), ("10.1.0.10", 5060))
equal(phone_gets().status, 180, "first response from the TLS server")
ok = phone_gets()
equal(ok.status, 200, "final response from the TLS server")
invite = secure.requests[0]
check(invite.members("via")[0].startswith("SIP/2.0/TLS 10.2.0.10:5061;"), "our Via by TLS")
has_order(invite.members("record-route"), "transport=tls", "10.1.0.10:5060;lr")
call, tag = ok.one("call-id"), ok.param("to", "tag")
target = "sip:srv@10.2.0.12:5061;transport=tls"
for method, cseq in (("ACK", 1), ("BYE", 2)):
    raw = request(
        method, target, to_tag=tag, call=call, cseq=cseq, extra=routes_of(ok, False)
    )  # fmt: skip
    phone.sendto(raw, ("10.1.0.10", 5060))
done = phone_gets()
equal((done.status, done.one("cseq")), (200, "2 BYE"), "what the caller got for its BYE")
equal([m.method for m in secure.requests], ["INVITE", "ACK", "BYE"], "what the TLS server got")
equal(len(secure.connections), 1, "connections to the TLS server")

# --- sips ---------------------------------------------------------------------------------------

caller.send(request("INVITE", "sips:bob@secure.example", via("TLS", "10.1.0.1:7000")))
equal(caller.message().status, 180, "sips: to a server with TLS")
equal(caller.message().status, 200, "sips: to a server with TLS")
rows = secure.requests[-1].members("record-route")
check(rows and all(r.startswith("<sips:") for r in rows), "Record-Route of a sips: call: %s" % rows)
caller.send(request("INVITE", "sips:bob@example.com", via("TLS", "10.1.0.1:7000")))
refused = caller.message()
equal(refused.status, 480, "sips: to a server without TLS")
check(refused.one("warning").startswith("380 "), "Warning: " + refused.one("warning"))
check(receive([plain], SILENCE) is None, "a sips: request left by UDP")

# --- alias (RFC 5923) ---------------------------------------------------------------------------

# Who shows a certificate for its sent-by is asked down the connection that it opened; who shows
# none must be connected to, and listens nowhere.
for own, way in (("phone", True), (None, False)):
    peer = connect(("10.1.0.10", 5071 if own else 5061), client_context("ca", own))
    port = 7001 if own else 7002
    mine = ["SIP/2.0/TLS 10.1.0.1:%d;alias;branch=%s" % (port, branch())]
    peer.send(request("OPTIONS", via=mine))
    got, proxy = at_plain()
    plain.sendto(response(got), proxy)
    equal(peer.message().status, 200, "OPTIONS with alias")
    target = "sip:alice@10.1.0.1:%d;transport=tls" % port
    plain.sendto(request("OPTIONS", target, via("UDP", "10.2.0.11:5060")), proxy)
    asked = peer.message(SILENCE if not way else WAIT)
    equal(asked is not None, way, "a request down the connection with alias, certificate %s" % own)
    if way:
        peer.send(response(asked))
    done, _ = at_plain()
    equal(done.status, 200 if way else 503, "what the server got")
PYTHON
lab_balance
viaduct_stop
