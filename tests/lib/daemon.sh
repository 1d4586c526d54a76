# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# viaduct in the lab: a configuration for it, start, stop, reload. Always by process id.

VIADUCT=${VIADUCT:-$TOP/build/viaduct}
VIACTL=${VIACTL:-$TOP/build/viactl}
VIADUCT_PID=
LAB_CONTROL=

# lab_config [4|6|46]: writes $LAB_DIR/viaduct.yaml, three UDP servers of a family behind the
# lab's interfaces; with 46, callers of either family have the servers of theirs. The control socket
# is $LAB_DIR/control.sock; $LAB_CONTROL: further keys of control, as in 'mode: 0600'. Standard
# input: further YAML. $LAB_DEVICE: packet, or xdp. $LAB_TRANSPORTS: of the servers; udp by
# default.
lab_config() {
	local families=${1:-4}
	[ -s "$LAB_DIR/secret" ] || lab_secret
	{
		echo "node: lab"
		echo "hugepages: off"
		echo "secret: \"file:$LAB_DIR/secret\""
		echo "control: {socket: \"$LAB_DIR/control.sock\"${LAB_CONTROL:+, $LAB_CONTROL}}"
		echo "domains: [example.com]"
		echo "interfaces:"
		[ "$LAB_LINKS" = 1 ] ||
			echo "  - {name: outside, device: \"${LAB_DEVICE:-packet}:out0\"}"
		echo "  - {name: inside, device: \"${LAB_DEVICE:-packet}:in0\"}"
		echo "pools:"
		[ "$families" = 6 ] || lab_pool core "${SRV4[@]}"
		[ "$families" = 4 ] || lab_pool core6 "${SRV6[@]}"
		echo "routes:"
		[ "$families" != 46 ] || echo '  - {match: {source: "fd01::/64"}, pool: core6}'
		[ "$families" = 6 ] && echo "  - {pool: core6}" || echo "  - {pool: core}"
		cat
	} >"$LAB_DIR/viaduct.yaml"
}

# lab_pool NAME ADDRESS...
lab_pool() {
	local name=$1 n=0 address transports=${LAB_TRANSPORTS:+, transports: [$LAB_TRANSPORTS]}
	shift
	echo "  - name: $name"
	echo "    backends:"
	for address in "$@"; do
		case $address in *:*) address="[$address]" ;; esac
		echo "      - {name: $name-$((n += 1))," \
			"address: \"$address:5060\"$transports}"
	done
}

# The secret of this run: 32 random bytes in hex.
lab_secret() {
	(umask 077 && head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$LAB_DIR/secret")
}

# memory_exact: for scripts that look at memory, before viaduct_start. What is freed goes back to
# Linux at once, so what viaduct has is what it uses; jemalloc would keep it for some seconds.
memory_exact() {
	export MALLOC_CONF=dirty_decay_ms:0,muzzy_decay_ms:0
}

# memory: KiB that viaduct has allocated; see tests/e2e/resident.py. memory_near KIB: it has less
# than 8 MiB more, but for the 8 MiB that calls fill little by little (dataplane/proxy/recent.h).
memory() {
	awk '/^RssAnon/ { print $2 }' "/proc/$VIADUCT_PID/status"
}

memory_near() {
	[ "$(memory)" -lt $(($1 + 16384)) ]
}

# Starts viaduct with $LAB_DIR/viaduct.yaml (or the file given) and waits until it forwards.
viaduct_start() {
	local before
	[ -x "$VIADUCT" ] || fail "no program at $VIADUCT (./run build)"
	before=$(grep -c ready "$LAB_DIR/viaduct.log" 2>/dev/null || true)
	ip netns exec "$NS_P" "$VIADUCT" --config "${1:-$LAB_DIR/viaduct.yaml}" \
		2>>"$LAB_DIR/viaduct.log" &
	VIADUCT_PID=$!
	wait_until 30 viaduct_said_ready "${before:-0}" || fail "viaduct was not ready in 30 s"
	kill -0 "$VIADUCT_PID" 2>/dev/null || fail "viaduct ended at start"
}

viaduct_said_ready() {
	[ "$(grep -c ready "$LAB_DIR/viaduct.log")" -gt "$1" ] || ! kill -0 "$VIADUCT_PID"
}

# ctl ARGUMENT...: viactl at the socket of the lab.
ctl() {
	"$VIACTL" --socket "$LAB_DIR/control.sock" "$@"
}

# lab_counter NAME: its value now.
lab_counter() {
	ctl --json counters --all "$1" | "$PYTHON" -c 'import json, sys
for c in json.load(sys.stdin)["counters"]:
    if c["name"] == sys.argv[1]:
        print(c["value"])' "$1"
}

# Each message that came has one verdict, or waits for a name. The last ones may still be on their
# way.
lab_balance() {
	wait_until 20 lab_balanced || lab_balanced
}

lab_balanced() {
	ctl --json counters --all | "$PYTHON" -c 'import json, sys
c = {x["name"]: x for x in json.load(sys.stdin)["counters"] if x["name"][:9] != "answered_"}
sums = {k: sum(x["value"] for x in c.values() if x["class"] == k) for k in ("rx", "out", "drop")}
left = sums["rx"] - sums["out"] - sums["drop"] - c["fragments_held"]["value"]
sys.exit(left and "FAIL: %d messages without a verdict, of %s" % (left, sums))'
}

# Asks it to stop; fails unless it exits 0.
viaduct_stop() {
	local status=0
	kill "-${1:-TERM}" "$VIADUCT_PID"
	wait "$VIADUCT_PID" || status=$?
	VIADUCT_PID=
	assert_eq "$status" 0 "exit status of viaduct after SIG${1:-TERM}"
}

# It dies without a chance to say goodbye.
viaduct_kill() {
	kill -KILL "$VIADUCT_PID"
	wait "$VIADUCT_PID" 2>/dev/null || true
	rm -rf "/var/run/dpdk/viaduct-$VIADUCT_PID"
	VIADUCT_PID=
}
