#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Backends added by hand mean what the same words in the file mean: ports that are not given,
# a port that TCP and TLS would share, whose certificate TLS wants, addresses of nobody. Each pair
# below is one backend of the file and one added by hand.
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
sed -i '/^routes:/d; /^  - {pool: core}/d' "$LAB_DIR/viaduct.yaml"
cat >>"$LAB_DIR/viaduct.yaml" <<'END'
  - name: named
    tls_name: sip.pool.test
    backends:
      - {name: udp, address: "10.9.0.1"}
      - {name: tcp, address: "10.9.0.2", transports: [tcp]}
      - {name: tls, address: "10.9.0.3", transports: [tls]}
      - {name: tls-port, address: "10.9.0.4", transports: [tls], tls_port: 5071}
      - {name: both, address: "10.9.0.5", transports: [tcp, tls]}
      - {name: own, address: "10.9.0.6", transports: [tls], tls_name: sip.own.test}
      - {name: name-udp, address: udp.lab.test}
      - {name: name-tls, address: tls.lab.test, transports: [udp, tls], tls_port: 5071}
hosts:
  - {name: udp.lab.test, address: 10.9.0.7}
  - {name: tls.lab.test, address: 10.9.0.8}
  - {name: x-udp.lab.test, address: 10.9.1.7}
  - {name: x-tls.lab.test, address: 10.9.1.8}
routes:
  - {match: {method: [REGISTER]}, pool: named}
  - {pool: core}
END
viaduct_start

add() { ctl backend add named "$@" >"$LAB_DIR/ctl.out"; }
add x-udp 10.9.1.1
add x-tcp 10.9.1.2 transports=tcp
add x-tls 10.9.1.3 transports=tls
add x-tls-port 10.9.1.4 transports=tls tls_port=5071
add x-both 10.9.1.5 transports=tcp,tls
add x-own 10.9.1.6 transports=tls tls_name=sip.own.test
add x-name-udp x-udp.lab.test
add x-name-tls x-tls.lab.test transports=udp,tls tls_port=5071

check_python "$VIACTL" "$LAB_DIR/control.sock" <<'PYTHON'
import json
import subprocess
import sys
import time

WHAT = ("port", "transports", "tls_port", "tls_name", "tier", "weight")
PAIRS = 8


def members():
    run = subprocess.run(
        [sys.argv[1], "--socket", sys.argv[2], "--json", "pool", "show", "named"],
        capture_output=True, text=True, timeout=20, check=True,
    )
    found = {}
    for b in json.loads(run.stdout)["pool"]["members"]:
        if b["address"]:
            b["port"] = b["address"].rpartition(":")[2]
            found[b["of"] or b["name"]] = {k: b[k] for k in WHAT}
    return found


end = time.monotonic() + 10
while len(members()) < 2 * PAIRS and time.monotonic() < end:
    time.sleep(0.1)
found = members()
names = [n for n in found if not n.startswith("x-")]
assert len(names) == PAIRS, found
for name in names:
    mine, by_hand = found[name], found["x-" + name]
    if mine != by_hand:
        sys.exit("FAIL: %s: in the file %s, by hand %s" % (name, mine, by_hand))
PYTHON

refused() {
	local status=0
	ctl backend add named "$@" >"$LAB_DIR/ctl.out" 2>&1 || status=$?
	assert_eq "$status" 1 "status of backend add $*: $(cat "$LAB_DIR/ctl.out")"
}
for address in 224.0.1.75 0.0.0.0 255.255.255.255 '[::]:5060' '[ff02::1]:5060'; do
	refused y "$address"
	assert_in_log 'is not the address of one host' "$LAB_DIR/ctl.out"
done
refused y 10.9.2.1:5061 transports=tcp,tls
assert_in_log 'tcp has port 5061 already' "$LAB_DIR/ctl.out"
refused y 10.9.2.1:5071 transports=tcp,tls tls_port=5071
refused y 10.9.2.1:5071 transports=tls tls_port=5072
refused y 10.9.2.1 tls_port=5072
viaduct_stop
