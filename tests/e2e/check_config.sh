#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# --check says what is wrong with a configuration: every fault with FILE:LINE:COLUMN, what is
# allowed, a near name for a key misspelt; 0 for a good file, 2 for a bad one. Nothing runs, so no
# lab is needed.
. "$(dirname "$0")/../lib/e2e.sh"

[ -x "$VIADUCT" ] || fail "no program at $VIADUCT (./run build)"
LAB_DIR=$(mktemp -d /tmp/viaduct-lab.XXXXXX)
trap 'rm -rf "$LAB_DIR"' EXIT
cd "$LAB_DIR"

# checked FILE: runs --check, leaves its status in $status and what it said in out.
checked() {
	status=0
	"$VIADUCT" --check --config "$1" >out 2>&1 || status=$?
}

cat >good.yaml <<'YAML'
interfaces:
  - {name: net, device: "packet:eth0"}
pools:
  - name: core
    backends:
      - {name: core1, address: "10.0.0.11:5060"}
      - {name: core2, address: "[2001:db8::12]:5060", weight: 2, tier: 1, state: drain}
routes:
  - {match: {method: [REGISTER], domain: "*.example.com", source: "198.51.100.0/24"}, pool: core}
  - {pool: core}
YAML
checked good.yaml
assert_eq "$status" 0 "status for a good file ($(cat out))"

cat >bad.yaml <<'YAML'
interfaces:
  - {name: net, device: "packet:eth0", mtoo: 1500}
workers: many
pools:
  - name: core
    key: colour
    backends:
      - {name: core1, address: "10.0.0.11:5060", weight: -1}
      - {name: core1, address: "10.0.0.300:5060"}
routes:
  - {pool: cor}
workers: 2
YAML
checked bad.yaml
assert_eq "$status" 2 "status for a bad file"
# line, column of the fault, and a word that the message must have
while read -r line column word; do
	grep -Eq "^bad\.yaml:$line:$column: .*$word" out ||
		fail "no fault at $line:$column about $word: $(cat out)"
done <<'FAULTS'
2 40 mtoo
3 10 workers
6 10 call-id
8 58 weight
9 16 core1
9 32 address
11 12 cor
12 1 workers
FAULTS

printf 'interfaces: [\n' >broken.yaml
printf 'interfaces:\n\t- {name: net}\n' >tab.yaml
: >empty.yaml
head -c 4096 /dev/urandom >noise.yaml
for file in broken tab empty noise; do
	checked "$file.yaml"
	assert_eq "$status" 2 "status for $file.yaml"
	grep -Eq "^$file\.yaml:[0-9]+:[0-9]+: " out ||
		fail "no place named for $file.yaml: $(head -n 3 out)"
done
checked missing.yaml
[ "$status" != 0 ] || fail "--check of a missing file succeeded"
grep -q missing.yaml out || fail "a missing file is not named"

"$VIADUCT" --version | grep -Eq '[0-9]+\.[0-9]+\.[0-9]+' || fail "--version"
"$VIADUCT" --help | grep -q -- --config || fail "--help"
status=0
"$VIADUCT" --nonsense >out 2>&1 || status=$?
[ "$status" != 0 ] || fail "an unknown option was taken"
