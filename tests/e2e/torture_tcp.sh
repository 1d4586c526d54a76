#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The torture messages of RFC 4475 and RFC 5118, when they are there (VIADUCT_CORPUS), by TCP and by
# TLS: verdicts as in expect.tsv, but for what a stream makes of them; see the Python script. After
# each the proxy still serves others.
#
#   tester 10.1.0.1, fd01::1 ==TCP, TLS== out0 viaduct in0 ==TCP== or --UDP-- 10.2.0.11 ..., .200
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tls.sh"

[ -r "${VIADUCT_CORPUS:-}/expect.tsv" ] || skip "VIADUCT_CORPUS does not name the corpora"
lab_up
lab_address "$NS_S" net0 10.2.0.200/24 2001:db8::10/64 2001:db8::10:5070/64 2001:db8::c000:201/64
ip -n "$NS_P" route add default via 10.2.0.200
ip -n "$NS_P" -6 route add default via fd02::11
tls_ca ca
tls_cert ca proxy URI:sip:example.com
LAB_TRANSPORTS='udp, tcp' lab_config <<YAML
trusted: ["10.1.0.0/24", "fd01::/64"]
hosts:
  - {name: services.example.com, address: "10.2.0.200"}
streams: {message_time: 2s}
listeners:
  - {name: ext, address: "10.1.0.10:5060"}
  - {name: int, address: "10.2.0.10:5060"}
  - {name: ext6, address: "[fd01::10]:5060"}
  - {name: int6, address: "[fd02::10]:5060"}
$(tls_listener tls 10.1.0.10:5061)
$(tls_listener tls6 "[fd01::10]:5061")
YAML
responsible="example.com, example.net, example.org, company.com, registrar.example.com"
responsible="$responsible, chair-dnrc.example.com, host.example.net, \"2001:db8::10\""
sed -i "s/^domains:.*/domains: [$responsible]/" "$LAB_DIR/viaduct.yaml"
for transport in TCP TLS; do
	viaduct_start
	PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$TOP/tests/e2e/torture_tcp.py" "$VIADUCT_CORPUS" \
		$transport || exit 1
	lab_balance
	viaduct_stop
done
