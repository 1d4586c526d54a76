# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# viaduct on one core and viaload on another, joined by two memifs: no kernel between them, no NIC
# needed. For bench/wire.sh, reload.sh and peers.sh, which source it behind tests/lib/e2e.sh.
#
#   viaload, core 0                        viaduct, core 1
#   callers 10.1.0.1 to 4    == out.sock ==  10.1.0.10
#   servers 10.2.0.11 to 18  == in.sock ===  10.2.0.10

build=$(realpath -m "${VIADUCT_BUILD:-$TOP/build}")
VIADUCT=$build/viaduct
VIALOAD=$build/viaload
MEMIF_CALLERS=10.1.0.1-10.1.0.4:5060-5063
MEMIF_SERVERS=10.2.0.11-10.2.0.18
MEMIF_PAGES=/sys/kernel/mm/hugepages/hugepages-2048kB
MEMIF_LOG=

# memif_config: a configuration of viaduct, on standard output: spinning worker, hugepages, no
# Linux, and else as for production. Standard input is what follows the first pool.
memif_config() {
	local i out=memif:$LAB_DIR/out.sock in=memif:$LAB_DIR/in.sock
	[ -s "$LAB_DIR/secret" ] || lab_secret
	cat <<-YAML
		node: bench
		workers: 1
		idle: spin
		hugepages: $(memif_hugepages)
		secret: "file:$LAB_DIR/secret"
		control: {socket: "$LAB_DIR/control.sock"}
		domains: [example.com]
		interfaces:
		  - name: outside
		    device: "$out,role=server,mac=02:00:00:00:01:0a"
		    addresses: ["10.1.0.10/24"]
		    neighbors:
	YAML
	for i in 1 2 3 4; do
		echo "      - {address: \"10.1.0.$i\", mac: \"02:00:00:00:01:01\"}"
	done
	cat <<-YAML
		  - name: inside
		    device: "$in,role=server,mac=02:00:00:00:02:0a"
		    addresses: ["10.2.0.10/24"]
		    neighbors:
	YAML
	for i in 11 12 13 14 15 16 17 18; do
		echo "      - {address: \"10.2.0.$i\", mac: \"02:00:00:00:02:01\"}"
	done
	echo "pools:"
	lab_pool core 10.2.0.1{1,2,3,4,5,6,7,8}
	cat
}

# Both programs take pages of 2 MiB from what is free; with less than 512 MiB both use ordinary
# memory, and the result says so. bench/run.sh sees that there are some.
memif_hugepages() {
	[ "$(cat "$MEMIF_PAGES/free_hugepages" 2>/dev/null || echo 0)" -ge 256 ] && echo on ||
		echo off
}

# memif_start: starts viaduct with $LAB_DIR/memif.yaml; its worker gets the second CPU (dataplane/
# eal.c), its control thread what is left over.
memif_start() {
	MEMIF_LOG=$LAB_DIR/memif.log
	"$VIADUCT" --config "$LAB_DIR/memif.yaml" 2>"$MEMIF_LOG" &
	VIADUCT_PID=$!
	wait_until 15 memif_is_ready || true
	grep -q ready "$MEMIF_LOG" || fail "viaduct did not start: $(tail -n 1 "$MEMIF_LOG")"
}

memif_is_ready() { grep -q ready "$MEMIF_LOG" || ! kill -0 "$VIADUCT_PID"; }

# memif_load [find-limit] ARGUMENT...: viaload between the two, its messages the mix.
memif_load() {
	local first=()
	[ "$1" != find-limit ] || { first=(find-limit); shift; }
	"$VIALOAD" "${first[@]}" --quiet --cpus 0 --domain example.com \
		--caller "memif:$LAB_DIR/out.sock,role=client,mac=02:00:00:00:01:01" \
		--callers "$MEMIF_CALLERS" --proxy 10.1.0.10 --proxy-mac 02:00:00:00:01:0a \
		--server "memif:$LAB_DIR/in.sock,role=client,mac=02:00:00:00:02:01" \
		--servers "$MEMIF_SERVERS" --server-proxy-mac 02:00:00:00:02:0a "$@" mix
}

# memif_folder: a folder for a script without a lab of namespaces; what runs and what lies there
# goes with the script.
memif_folder() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ "$(nproc)" -ge 2 ] || skip "one core for the load and one for viaduct are needed"
	[ -x "$VIALOAD" ] || fail "no $VIALOAD: call this as ./run bench"
	LAB_DIR=$(mktemp -d /tmp/viaduct-bench.XXXXXX)
	trap memif_down EXIT
	trap 'exit 130' INT TERM
}

memif_down() {
	local status=$? pid
	set +e
	if [ $status != 0 ] && [ -s "$MEMIF_LOG" ]; then
		tail -n 20 "$MEMIF_LOG" >&2
	fi
	for pid in $(jobs -p); do
		kill -KILL "$pid" 2>/dev/null
		rm -rf "/var/run/dpdk/viaduct-$pid"
	done
	rm -rf "$LAB_DIR"
	exit $status
}
