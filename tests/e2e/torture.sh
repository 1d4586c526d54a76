#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The torture messages of RFC 4475 and RFC 5118, when they are there (VIADUCT_CORPUS), over a real
# wire: every verdict as in expect.tsv. The project's own messages for the same cases are unit
# tests.
#
#   tester 10.1.0.1, fd01::1 ---- out0 viaduct in0 ---- 10.2.0.11 ..., and a router to all the rest
. "$(dirname "$0")/../lib/e2e.sh"

[ -r "${VIADUCT_CORPUS:-}/expect.tsv" ] || skip "VIADUCT_CORPUS does not name the corpora"
lab_up
lab_address "$NS_S" net0 10.2.0.200/24
ip -n "$NS_P" route add default via 10.2.0.200
ip -n "$NS_P" -6 route add default via fd02::11
lab_config <<'YAML'
trusted: ["10.1.0.0/24", "fd01::/64"]
hosts:
  - {name: services.example.com, address: "10.2.0.200"}
YAML
responsible="example.com, example.net, example.org, company.com, registrar.example.com"
responsible="$responsible, chair-dnrc.example.com, host.example.net, \"2001:db8::10\""
sed -i "s/^domains:.*/domains: [$responsible]/" "$LAB_DIR/viaduct.yaml"
viaduct_start
PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$TOP/tests/e2e/torture.py" "$VIADUCT_CORPUS" || exit 1
viaduct_stop
