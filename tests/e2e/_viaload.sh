# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the scripts about viaload share; sourced after tests/lib/e2e.sh.

VIALOAD=${VIALOAD:-$TOP/build/viaload}

# Callers and servers in one namespace, an interface for each.
viaload_lab() {
	[ -x "$VIALOAD" ] || fail "no program at $VIALOAD (./run build)"
	lab_up joined
	lab_secret
}

# viaload_config_memif: viaduct between two memifs. The link addresses of viaduct end in 0a.
viaload_config_memif() {
	local server
	{
		echo "hugepages: off"
		echo "secret: \"file:$LAB_DIR/secret\""
		echo "domains: [example.com]"
		echo "interfaces:"
		echo "  - name: outside"
		echo "    device: \"memif:$LAB_DIR/out.sock,role=server,mac=02:00:00:00:01:0a\""
		echo "    addresses: [\"10.1.0.10/24\"]"
		echo "    neighbors: [{address: \"10.1.0.1\", mac: \"02:00:00:00:01:01\"}]"
		echo "  - name: inside"
		echo "    device: \"memif:$LAB_DIR/in.sock,role=server,mac=02:00:00:00:02:0a\""
		echo "    addresses: [\"10.2.0.10/24\"]"
		echo "    neighbors:"
		for server in "${SRV4[@]}"; do
			echo "      - {address: \"$server\", mac: \"02:00:00:00:02:01\"}"
		done
		echo "pools:"
		lab_pool core "${SRV4[@]}"
		echo "routes: [{pool: core}]"
	} >"$LAB_DIR/viaduct.yaml"
}

# The two sides on the lab's interfaces.
viaload_sides() {
	if [ "$1" = 4 ]; then
		echo "--caller packet:net1 --callers $CALLER4:5060-5063 --proxy $OUT4" \
			"--server packet:net0 --servers ${SRV4[0]}-${SRV4[2]}"
	else
		echo "--caller packet:net1 --callers [$CALLER6]:5060-5063 --proxy $OUT6" \
			"--server packet:net0 --servers ${SRV6[0]}-${SRV6[2]}"
	fi
}

# The two sides on the memifs of viaload_config_memif.
viaload_sides_memif() {
	echo "--caller memif:$LAB_DIR/out.sock,mac=02:00:00:00:01:01 --callers 10.1.0.1" \
		"--proxy 10.1.0.10 --proxy-mac 02:00:00:00:01:0a" \
		"--server memif:$LAB_DIR/in.sock,mac=02:00:00:00:02:01" \
		"--servers ${SRV4[0]}-${SRV4[2]} --server-proxy-mac 02:00:00:00:02:0a"
}

# viaload_in NS NAME STATUS ARGUMENT...: runs it to its end with that exit status; leaves
# $LAB_DIR/NAME.json and NAME.out.
viaload_in() {
	local ns=$1 name=$2 wanted=$3 status=0
	shift 3
	ip netns exec "$ns" timeout -k 5 200 "$VIALOAD" --no-huge --domain example.com \
		--timeout 10000 --json "$LAB_DIR/$name.json" "$@" \
		>"$LAB_DIR/$name.out" 2>&1 || status=$?
	[ "$status" = "$wanted" ] && return
	[ "$VIADUCT_PID" ] && kill -USR1 "$VIADUCT_PID" && sleep 0.2 # its log gets its counters
	fail "$name: exit status $status, not $wanted: $(tail -n 40 "$LAB_DIR/$name.out")"
}

viaload_run() {
	viaload_in "$NS_S" "$@"
}

# found NAME PATH: a number or text of the JSON, such as result.counters.sent.
found() {
	"$PYTHON" - "$LAB_DIR/$1.json" "$2" <<-'PYTHON'
		import json, sys

		value = json.load(open(sys.argv[1]))
		for name in sys.argv[2].split("."):
		    value = value[int(name)] if isinstance(value, list) else value[name]
		print(str(value).lower() if isinstance(value, bool) else value)
	PYTHON
}

# proxy_counted NAME: a counter of viaduct, which has stopped; 0 if it was not logged.
proxy_counted() {
	local value
	value=$(sed -n "s/.*counter $1 \([0-9]*\) .*/\1/p" "$LAB_DIR/viaduct.log" | tail -n 1)
	echo "${value:-0}"
}
