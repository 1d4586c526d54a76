#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# sipsak as operators use it, over TCP and TLS: OPTIONS to the proxy is answered, OPTIONS to a user
# reaches a server and its answer comes back. No tickets of TLS 1.3: sipsak 0.9.8 takes one for a
# message and gives up.
#
#   sipsak 10.1.0.1 ==TCP, TLS== out0 viaduct in0 --UDP-- 10.2.0.11, .12, .13 Python
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tls.sh"
need sipsak openssl

lab_up
tls_ca ca
tls_cert ca proxy URI:sip:example.com,IP:10.1.0.10
lab_config <<YAML
tls: {ca: $LAB_DIR/ca.pem, resumption: 0s}
listeners:
  - {name: ext, address: "10.1.0.10:5060"}
  - {name: int, address: "10.2.0.10:5060"}
$(tls_listener tls 10.1.0.10:5061)
YAML
# ask TRANSPORT PORT USER@: OPTIONS to the proxy, or to a user by it; prints the status line.
ask() {
	in_caller timeout 10 sipsak -vvv -E "$1" -H "$CALLER4" -p "$OUT4" -r "$2" -s "sip:$3$OUT4" \
		--tls-ca-cert="$LAB_DIR/ca.pem" >"$LAB_DIR/sipsak.out" 2>&1 ||
		fail "sipsak by $1 to $3$OUT4: $(cat "$LAB_DIR/sipsak.out")"
	grep -q '^ *SIP/2.0 200 ' "$LAB_DIR/sipsak.out" ||
		fail "no 200 by $1 to $3$OUT4: $(cat "$LAB_DIR/sipsak.out")"
}

viaduct_start
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$TOP/tests/e2e
ip netns exec "$NS_S" "$PYTHON" - <<'PYTHON' &
from siplab import *

servers = [udp(NS_S, a, 5060) for a in SERVERS[4]]
while True:
    at, raw, source = receive(servers, 600)
    servers[at].sendto(response(Sip(raw)), source)
PYTHON
wait_until 20 sipp_listens "$NS_S" "${SRV4[2]}" || fail "no servers"
for user in '' bob@; do
	ask tcp 5060 "$user"
	ask tls 5061 "$user"
done
assert_eq "$(lab_counter answered_ok)" 2 "OPTIONS that the proxy answered"
assert_eq "$(lab_counter rx_stream_messages)" 4 "messages by TCP and TLS"
assert_eq "$(lab_counter stream_no_tls)" 0 "handshakes that failed"
lab_balance
viaduct_stop
