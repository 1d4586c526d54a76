#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# REGISTER goes to the pool that a route names for it, other requests to theirs.
#
#   SIPp callers 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11 registrar; .12, .13 for others
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_config </dev/null
cat >"$LAB_DIR/pools" <<YAML
pools:
  - {name: registrars, backends: [{name: r1, address: "10.2.0.11:5060"}]}
  - name: core
    backends:
      - {name: c1, address: "10.2.0.12:5060"}
      - {name: c2, address: "10.2.0.13:5060"}
routes:
  - {match: {method: [REGISTER]}, pool: registrars}
  - {pool: core}
YAML
sed -i '/^pools:/,$d' "$LAB_DIR/viaduct.yaml"
cat "$LAB_DIR/pools" >>"$LAB_DIR/viaduct.yaml"
viaduct_start
sipp_server s1 "${SRV4[0]}" register_uas
sipp_server s2 "${SRV4[1]}" options_uas
sipp_server s3 "${SRV4[2]}" options_uas
sipp_calls phones "$CALLER4" "$OUT4" register_uac 60 100 || true
assert_calls phones 60
sipp_calls others "$CALLER4" "$OUT4" options_uac 60 100 || true
assert_calls others 60
sipp_servers_stop
assert_eq "$(sipp_stat s1 'IncomingCall(C)')" 60 "requests at the registrar"
assert_ge "$(sipp_stat s2 'IncomingCall(C)')" 1 "requests at c1"
assert_ge "$(sipp_stat s3 'IncomingCall(C)')" 1 "requests at c2"
viaduct_stop
