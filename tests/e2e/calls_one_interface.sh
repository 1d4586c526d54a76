#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The smallest useful configuration: one interface, callers and servers on its one network, all
# else by default.
#
#   SIPp caller 10.2.0.1 --+
#                          +---- in0 10.2.0.10 viaduct
#   SIPp servers .11, .12 -+
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up one
cat >"$LAB_DIR/viaduct.yaml" <<YAML
interfaces:
  - {name: net, device: "packet:in0"}
pools:
  - name: core
    backends:
      - {name: core1, address: "10.2.0.11:5060"}
      - {name: core2, address: "10.2.0.12:5060"}
routes:
  - {pool: core}
YAML
# The secret's default place belongs to the host: this run gets one of its own.
echo "secret: \"file:$LAB_DIR/secret\"" >>"$LAB_DIR/viaduct.yaml"
lab_secret
viaduct_start
sipp_servers 4 call_uas
sipp_calls caller "$CALLER4" "$OUT4" call_uac 200 200 -d 200 || true
assert_calls caller 200
sipp_servers_stop
assert_ge "$(sipp_stat s1 'SuccessfulCall(C)')" 1 "calls of core1"
assert_ge "$(sipp_stat s2 'SuccessfulCall(C)')" 1 "calls of core2"
assert_eq "$(sipp_stat s3 'IncomingCall(C)')" 0 "calls of the server that is in no pool"
viaduct_stop
