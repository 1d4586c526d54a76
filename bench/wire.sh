#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wire.sh [--json FILE] [--rounds N]: the whole proxy on one core, viaload on another, over memif
#
# First the highest rate of carriers' messages (viaload's mix: 4,096 distinct ones, twelve kinds) at
# a loss under 1e-5, found N times from scratch; then N times the rate at which callers who wait
# for their answers, as many as there may be, saturate the two; then the latency at 50 and at 90 per
# cent of the first. Every message that comes back is checked. The lab is drawn in bench/memif.sh.
. "$(dirname "$0")/../tests/lib/e2e.sh"
. "$TOP/bench/memif.sh"

json='' rounds=3
loss=1e-5

while [ $# -gt 0 ]; do
	case $1 in
	--json) json=$(realpath -m "${2:?--json needs a file}") ;;
	--rounds) rounds=${2:?--rounds needs a number} ;;
	*)
		sed -n '4s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
	shift 2
done

# find_rate ROUND: the highest rate. The search begins where any machine passes.
find_rate() {
	memif_load find-limit --loss $loss --min 200k --trial 1 --time 3 --precision 0.02 \
		--json "$LAB_DIR/limit-$1.json" || true
	report round "$LAB_DIR/limit-$1.json"
}

# saturate ROUND: as fast as answers come. Nothing is sent that the proxy has no room for, as long
# as no pause is longer than callers wait.
saturate() {
	memif_load --rate max --time 5 --loss $loss --json "$LAB_DIR/closed-$1.json" || true
	report closed "$LAB_DIR/closed-$1.json"
}

# latency PERCENT RATE: what is lost at a rate below the limit is counted, and no reason to stop.
# The proxy's own figures are those of its last 10 seconds: the run's.
latency() {
	memif_load --rate "$2" --time 10 --loss 1e-3 --json "$LAB_DIR/latency-$1.json" || true
	"$build/viactl" --socket "$LAB_DIR/control.sock" --json status >"$LAB_DIR/worker-$1.json"
	report latency "$1" "$LAB_DIR/latency-$1.json"
}

report() { "$PYTHON" "$TOP/bench/wire_report.py" "$@"; }

memif_folder
echo 'routes: [{pool: core}]' | memif_config >"$LAB_DIR/memif.yaml"
memif_start
for ((round = 1; round <= rounds; round++)); do
	find_rate $round
done
for ((round = 1; round <= rounds; round++)); do
	saturate $round
done
rate=$(report median "$LAB_DIR"/limit-*.json)
for percent in 50 90; do
	latency $percent "$((rate * percent / 100))"
done
viaduct_stop
report summary "$LAB_DIR" ${json:+"$json"}
