#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# streams.sh [--json FILE] [--rounds N]: TCP on the control thread beside a worker at full rate
#
# One viaduct: its worker, on the second CPU, forwards requests from a device that plays a file
# for ever, so it is never without work; its control thread, on the first CPU, relays SIP over TCP
# between stream_load's callers and stream_load's server. Both CPUs may be threads of one core, so
# the worker is slower whenever the other has any work: what TCP costs it is told against the same
# load on the first CPU without viaduct in its path, callers straight to the server. Rounds in
# turns.
#
#   net_pcap, for ever -- worker -- net_null         stream_load -- lo -- control thread -- lo --.
#                                                          '------------- server ---------------'
. "$(dirname "$0")/../tests/lib/e2e.sh"

json='' rounds=3 seconds=5 rate=25000 idle=20000
build=$(realpath -m "${VIADUCT_BUILD:-$TOP/build}")
VIADUCT=$build/viaduct VIACTL=$build/viactl
LOAD=$build/bench/streams/stream_load

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

hugepages() {
	[ "$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 2>/dev/null ||
		echo 0)" -ge 256 ] && echo on || echo off
}

configuration() {
	local i
	lab_secret
	cat >"$LAB_DIR/viaduct.yaml" <<-YAML
		node: bench
		workers: 1
		idle: spin
		hugepages: $(hugepages)
		secret: "file:$LAB_DIR/secret"
		control: {socket: "$LAB_DIR/control.sock"}
		domains: [example.com]
		streams: {max_per_source: $((idle + 1000))}
		interfaces:
		  - name: outside
		    device: "vdev:net_pcap0,rx_pcap=$LAB_DIR/load.pcap,infinite_rx=1"
		    kernel: none
		    addresses: ["10.1.0.10/24"]
		    neighbors: [{address: "10.1.0.1", mac: "02:00:00:00:01:01"}]
		  - name: inside
		    device: "vdev:net_null0,no-rx=1"
		    kernel: none
		    addresses: ["10.2.0.10/24"]
		    neighbors:
	YAML
	for i in 11 12 13; do
		echo "      - {address: \"10.2.0.$i\", mac: \"02:00:00:00:02:01\"}"
	done >>"$LAB_DIR/viaduct.yaml"
	cat >>"$LAB_DIR/viaduct.yaml" <<-YAML
		  - {name: streams, device: "packet:tcp0"}
		listeners:
		  - {name: outside, address: "10.1.0.10:5060", transports: [udp]}
		  - {name: inside, address: "10.2.0.10:5060", transports: [udp]}
		  - {name: streams, address: "10.3.0.10:5060", transports: [udp, tcp]}
		pools:
		$(lab_pool core 10.2.0.11 10.2.0.12 10.2.0.13)
		  - name: tcp
		    connections: {size: 4}
		    backends: [{name: tcp, address: "10.3.0.20:5060", transports: [tcp]}]
		routes:
		  - {match: {source: "10.3.0.0/24"}, pool: tcp}
		  - {pool: core}
	YAML
}

# stream_load NAME ARGUMENT...: on the first CPU, where the control thread is.
stream_load() {
	local name=$1
	shift
	in_proxy taskset -c 0 "$LOAD" --server 10.3.0.20:5060 --json "$LAB_DIR/$name.json" "$@" ||
		true # what is lost or wrong stands in the file, and fails the report
	[ -s "$LAB_DIR/$name.json" ] || fail "stream_load did not run"
}

# The worker's messages up to now.
udp_count() { lab_counter forwarded; }

# udp_during NAME COMMAND...: how many messages a second the worker forwards meanwhile.
udp_during() {
	local name=$1 before after begin end
	shift
	begin=$(date +%s%N) before=$(udp_count)
	"$@"
	after=$(udp_count) end=$(date +%s%N)
	echo "$name $((after - before)) $((end - begin))" >>"$LAB_DIR/udp"
}

report() { "$PYTHON" "$TOP/bench/streams_report.py" "$@"; }

lab_up one
ulimit -n 50000 2>/dev/null || ulimit -n "$(ulimit -Hn)"
# viaduct keeps an eighth of what the limit of open files allows for connections of its own.
most=$((($(ulimit -n) - 1500) * 7 / 8 - 200))
[ $most -ge $idle ] || idle=$most
in_proxy ip link add tcp0 type veth peer name tcp1
in_proxy ip link set tcp0 up
in_proxy ip link set tcp1 up
lab_address "$NS_P" tcp0 10.3.0.10/24 10.3.0.20/24
"$PYTHON" "$TOP/bench/streams/udp_load.py" "$LAB_DIR/load.pcap"
configuration
viaduct_start
for ((round = 1; round <= rounds; round++)); do
	udp_during quiet sleep $seconds
	udp_during direct stream_load "direct-$round" --to 10.3.0.20:5060 \
		--rate $rate --time $seconds
	udp_during tcp stream_load "tcp-$round" --to 10.3.0.10:5060 --rate $rate --time $seconds
done
udp_during most stream_load most --to 10.3.0.10:5060 --time $seconds
before=$(awk '/VmRSS/ { print $2 }' "/proc/$VIADUCT_PID/status")
stream_load idle --to 10.3.0.10:5060 --idle $idle --rate 1000 --time $seconds &
loader=$!
sleep $((seconds - 1))
during=$(awk '/VmRSS/ { print $2 }' "/proc/$VIADUCT_PID/status")
wait $loader
viaduct_stop
report "$LAB_DIR" $idle $((during - before)) ${json:+"$json"}
