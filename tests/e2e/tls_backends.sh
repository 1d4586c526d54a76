#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Servers by TLS that are right, and servers that are not: expired, of an unknown authority, for
# another name, only there without TLS, not there at all. The caller of a wrong one gets 503 and the
# log says why; no request ever gets through to it. Then what is agreed with a right one: its
# session is taken up again, and it sees our certificate.
#
#   caller 10.1.0.1 by UDP -- out0 viaduct in0 -- 10.2.0.11, .12, .13 by TLS, a port for each case
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tls.sh"

lab_up
tls_ca ca
tls_ca alien
tls_cert ca proxy URI:sip:proxy.example
tls_cert ca good URI:sip:core.example
tls_cert ca expired URI:sip:core.example 7 -1
tls_cert ca other DNS:other.example,DNS:*.example
tls_cert ca address IP:10.2.0.11
tls_cert alien stranger URI:sip:core.example
# What a case is called, the port, and what the certificate must be for.
cases='good 5061 core.example
mutual 5062 core.example
address 5063
expired 5064 core.example
stranger 5065 core.example
other 5066 core.example
notls 5067 core.example
nobody 5068 core.example
byname 5069'
{
	cat <<YAML
$(tls_listener int-tls 10.2.0.10:5061)
YAML
	echo "domains: [$(echo "$cases" | sed 's/ .*/.example/' | paste -sd ,)]"
	echo "pools:"
	echo "$cases" | while read -r name port wanted; do
		echo "  - name: $name"
		echo "    backends:"
		echo "      - {name: $name, address: \"10.2.0.11:$port\"," \
			"transports: [tls]${wanted:+, tls_name: $wanted}}"
	done
	echo "routes:"
	echo "$cases" | while read -r name _; do
		echo "  - {match: {domain: $name.example}, pool: $name}"
	done
} | tls_config
viaduct_start
check_python <<'PYTHON'
from tlslab import *

server = "10.2.0.11"
caller = udp(NS_C, "10.1.0.1", 5060)


def listens(port, own, ca=None):
    return Server((server, port), lambda m: [response(m)], own and server_context(own, ca))


right = {
    "good": listens(5061, "good"),
    "mutual": listens(5062, "good", "ca"),
    "address": listens(5063, "address"),
}
wrong = {
    "expired": listens(5064, "expired"),
    "stranger": listens(5065, "stranger"),
    "other": listens(5066, "other"),
    "notls": listens(5067, None),
    "nobody": None,
    "byname": listens(5069, "good"),
}


def asks(name):
    """Status of the final answer to a request for a domain."""
    caller.sendto(request("OPTIONS", "sip:bob@%s.example" % name), ("10.1.0.10", 5060))
    while True:
        got = receive([caller], 8)
        check(got is not None, name + ": no answer")
        m = Sip(got[1])
        if m.status >= 200:
            return m.status


for name, s in right.items():
    equal(asks(name), 200, name)
    equal(len(s.requests), 1, name + ": requests")
    check(s.requests[0].members("via")[0].startswith("SIP/2.0/TLS 10.2.0.10:5061;"), name + ": Via")
for name, s in wrong.items():
    equal(asks(name), 503, name)
    equal(s.requests if s else [], [], name + ": requests that a wrong server got")
peer = right["mutual"].connections[0].sock.getpeercert()
equal(peer["subjectAltName"], (("URI", "sip:proxy.example"),), "what the server saw of us")
equal(right["good"].connections[0].sock.session_reused, False, "the first session")
right["good"].connections[0].sock.shutdown(socket.SHUT_RDWR)
for _ in range(100):  # until the proxy has seen the end
    if asks("good") == 200 and len(right["good"].connections) > 1:
        break
equal(right["good"].connections[1].sock.session_reused, True, "the second session")
PYTHON
while read -r port why; do
	assert_in_log "TLS to 10.2.0.11:$port: .*$why" "$LAB_DIR/viaduct.log"
done <<'LINES'
5064 certificate has expired
5065 issuer certificate
5066 the certificate is for other.example, not for core.example
5068 Connection refused
LINES
assert_ge "$(lab_counter stream_no_tls)" 4 "failed handshakes"

# By hand: what cannot be is refused.
while IFS='|' read -r how why; do
	# shellcheck disable=SC2086
	! ctl backend add byname hand 10.2.0.11:5061 $how >"$LAB_DIR/out" 2>&1 ||
		fail "backend add with $how was taken"
	assert_in_log "$why" "$LAB_DIR/out"
done <<'REFUSED'
tls_name=core.example|tls_port and tls_name are for backends whose transports have tls
transports=tls tls_port=5062|tls_port: with tls alone it is the port of the address
transports=tcp,tls tls_port=5061|tls_port: tcp has port 5061 already
transports=tls tls_name=10.2.0.11|tls_name: "10.2.0.11" is no host name
transports=udp,tls tls_port=65536|tls_port: allowed are 1 to 65535
REFUSED
# A server whose address the certificate does not have is reached by its name.
ctl backend add byname hand 10.2.0.11:5061 transports=tls tls_name=core.example >/dev/null
ctl backend set byname byname state=drain >/dev/null
check_python <<'PYTHON'
from tlslab import *

Server(("10.2.0.11", 5061), lambda m: [response(m)], server_context("good"))
caller = udp(NS_C, "10.1.0.1", 5060)
caller.sendto(request("OPTIONS", "sip:bob@byname.example"), ("10.1.0.10", 5060))
got = receive([caller], 8)
equal(Sip(got[1]).status, 200, "a backend that was added by hand")
PYTHON
lab_balance
viaduct_stop
