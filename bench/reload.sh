#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# reload.sh [--json FILE]: 2,000,000 messages while the configuration is swapped 100 times
#
# The same load twice over memif (bench/memif.sh): once in peace, once while viaduct gets a SIGHUP
# every 90 ms with a file that is different each time: another order and other weights of a pool of
# forty servers, more and fewer routes, other trusted networks. What the calls need stays the same,
# so nothing may be lost and no message may come out wrong; viaload checks each.
. "$(dirname "$0")/../tests/lib/e2e.sh"
. "$TOP/bench/memif.sh"

json='' rate=200000 seconds=13 swaps=100

while [ $# -gt 0 ]; do
	case $1 in
	--json) json=$(realpath -m "${2:?--json needs a file}") ;;
	*)
		sed -n '4s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
	shift 2
done

# configuration N: the N-th of them. The pool `spare` gets no load, but its table is built anew.
configuration() {
	local n=$1 i
	{
		echo "  - name: spare"
		echo "    backends:"
		for ((i = 0; i < 40; i++)); do
			printf '      - {name: s%d, address: "10.2.0.%d:5060", weight: %d}\n' \
				$(((i + n) % 40)) $((100 + (i + n) % 40)) $((1 + (i * n) % 9))
		done
		echo "routes:"
		for ((i = 0; i < n % 10 + 1; i++)); do
			echo "  - {match: {domain: \"d$n-$i.example.net\"}, pool: spare}"
		done
		echo "  - {pool: core}"
		echo "trusted: [\"192.0.2.$((n + 1))/32\"]"
	} | memif_config
}

# load NAME: the load of one run, all of it.
load() {
	memif_load --rate $rate --time $seconds --json "$LAB_DIR/$1.json" || true
	[ -s "$LAB_DIR/$1.json" ] || fail "viaload did not run"
}

reloaded() { [ "$(grep -c ' reloaded ' "$MEMIF_LOG")" -ge "$1" ]; }

# swap: all swaps, each when the one before is done: some 90 ms.
swap() {
	local n
	for ((n = 1; n <= swaps; n++)); do
		cp "$LAB_DIR/$n.yaml" "$LAB_DIR/memif.yaml.new"
		mv "$LAB_DIR/memif.yaml.new" "$LAB_DIR/memif.yaml"
		kill -HUP "$VIADUCT_PID"
		sleep 0.07
		wait_until 5 reloaded $n || fail "swap $n did not happen: $(tail -n 1 "$MEMIF_LOG")"
	done
}

report() { "$PYTHON" "$TOP/bench/reload_report.py" "$@"; }

memif_folder
for ((n = 0; n <= swaps; n++)); do
	configuration $n >"$LAB_DIR/$n.yaml"
done
cp "$LAB_DIR/0.yaml" "$LAB_DIR/memif.yaml"
memif_start
load peace
load swaps &
loader=$!
sleep 1.5
swap
kill -0 $loader 2>/dev/null || fail "the load ended before the swaps did"
wait $loader
done_swaps=$(grep -c ' reloaded ' "$MEMIF_LOG" || true)
viaduct_stop
report "$LAB_DIR" "$done_swaps" ${json:+"$json"}
