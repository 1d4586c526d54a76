#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# peers.sh [--json FILE] [--rounds N] [--peers "NAME..."]: viaduct beside what people use today, on
# one veth pair, with the same load in the same run, one core for each forwarder.
#
#   veth_load, core 0                                     forwarder, core 1
#   10.2.0.1 sends, net0 counts 10.2.0.11, .12, .13  ---  in0 10.2.0.10
#
# Forwarders: a bare recvmmsg()/sendmmsg() loop that reads no SIP (kernel), Kamailio's forward()
# (kamailio), Kamailio's dispatcher with a hash of the Call-ID (dispatcher), viaduct over AF_PACKET
# and AF_XDP. Each is started afresh in every round, in turns; the order is reversed from round to
# round. For each: the saturated rate, processor time per message at fixed rates and when saturated,
# the highest rate with loss under 1e-3. With viaload there, also viaduct over memif, saturated, in
# the same turns: no kernel between the two, which is what DPDK is for.
. "$(dirname "$0")/../tests/lib/e2e.sh"
. "$TOP/bench/memif.sh"

load=$build/bench/peers/veth_load
forwarder=$build/bench/peers/kernel_forward
json='' rounds=3 seconds=1.5 memif_seconds=4
rates=(20000 50000)
peers="kernel kamailio dispatcher viaduct_packet viaduct_xdp memif"
buffer=1048576
core=$(($(nproc) - 1))
server=0

while [ $# -gt 0 ]; do
	case $1 in
	--json) json=$(realpath -m "${2:?--json needs a file}") ;;
	--rounds) rounds=${2:?--rounds needs a number} ;;
	--peers) peers=${2:?--peers needs names} ;;
	*)
		sed -n '4,5s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
	shift 2
done

# --- forwarders: start_NAME leaves the process to end in $server --------------------------------

start_kernel() {
	start_process "$forwarder" $IN4:5060 "${SRV4[0]}:5060" $buffer
	comes_up sipp_listens "$NS_P" $IN4
}

start_kamailio() { kamailio forward; }
start_dispatcher() { kamailio dispatcher; }
start_viaduct_packet() { start_viaduct packet; }
start_viaduct_xdp() { start_viaduct xdp; }

start_process() {
	: >"$LAB_DIR/server.log"
	ip netns exec "$NS_P" taskset -c $core "$@" >"$LAB_DIR/server.log" 2>&1 &
	server=$!
}

# comes_up COMMAND...: true when the command is, false when the forwarder has ended before.
comes_up() {
	wait_until 10 came_up_or_ended "$@" && kill -0 $server 2>/dev/null && "$@"
}

came_up_or_ended() { "$@" || ! kill -0 $server; }

# kamailio CONFIGURATION: the fm allocator for both kinds of memory, which makes it four times as
# fast as its default; socket buffers as large as those of the kernel forwarder.
kamailio() {
	sed "s|LIST_FILE|$TOP/bench/peers/dispatcher.list|" "$TOP/bench/peers/kamailio_$1.cfg" \
		>"$LAB_DIR/kamailio.cfg"
	start_process kamailio -DD -E -x fm -X fm -m 64 -M 16 -b $buffer -u root -Y "$LAB_DIR" \
		-f "$LAB_DIR/kamailio.cfg"
	comes_up sipp_listens "$NS_P" $IN4
}

# start_viaduct packet|xdp: all defaults, but three servers and the domains of the messages. Its
# control thread shares the core with its worker.
start_viaduct() {
	cat >"$LAB_DIR/viaduct.yaml" <<-YAML
		node: peers
		secret: "file:$LAB_DIR/secret"
		domains: ["sip.carrier.example", "ims.carrier.example", "voice.carrier.example"]
		trusted: ["10.2.0.0/24"]
		interfaces: [{name: inside, device: "$1:in0"}]
		pools:
		$(lab_pool core "${SRV4[@]}")
		routes: [{pool: core}]
	YAML
	start_process "$VIADUCT" --config "$LAB_DIR/viaduct.yaml"
	comes_up viaduct_is_ready
}

viaduct_is_ready() { grep -q ready "$LAB_DIR/server.log"; }

# stop_server: the main process of each ends what it started.
stop_server() {
	kill -TERM $server 2>/dev/null || true
	wait $server || true
	server=0
}

# --- one forwarder in one round ------------------------------------------------------------------

# The servers have a link address that is not net0's: Linux drops their frames once it has counted
# them (bench/peers/wire.h). Told when the forwarder runs: a DPDK port that starts sets the address
# of its interface, at which Linux forgets all neighbours.
far_end() {
	local address
	for address in "${SRV4[@]}"; do
		ip -n "$NS_P" neighbor replace "$address" lladdr 02:00:00:00:00:99 dev in0 \
			nud permanent
	done
}

# measure NAME ROUND: leaves $LAB_DIR/ROUND-NAME.json, or a word why not in $LAB_DIR/NAME.skipped.
measure() {
	local name=$1 round=$2 out=$LAB_DIR/$2-$1.json options=() pid
	if ! "start_$name"; then
		tail -n 1 "$LAB_DIR/server.log" | sed 's/^.*viaduct.yaml:[0-9:]* //' \
			>"$LAB_DIR/$name.skipped"
		stop_server
		return 0
	fi
	far_end
	for pid in $(ip netns pids "$NS_P"); do
		options+=(--pid "$pid")
	done
	[ "$name" = kernel ] || options+=(--via "UDP $IN4")
	for pid in "${rates[@]}"; do
		options+=(--rate "$pid")
	done
	in_servers "$load" --from "$CALLER4:5070" --to $IN4:5060 --link net0 --cpu 0 \
		--seconds $seconds --loss 1e-3 "${options[@]}" >"$out" || fail "$name: no result"
	stop_server
	"$PYTHON" "$TOP/bench/peers/report.py" line "$name" "$out"
}

# measure_memif ROUND: the same figure for viaduct without a kernel, from viaload; of three runs the
# middle one.
measure_memif() {
	local out=$LAB_DIR/$1-memif.json i
	if [ ! -x "$VIALOAD" ]; then
		echo "no viaload" >"$LAB_DIR/memif.skipped"
		return 0
	fi
	echo 'routes: [{pool: core}]' | memif_config >"$LAB_DIR/memif.yaml"
	memif_start
	for i in 1 2 3; do
		memif_load --rate max --time $memif_seconds --json "$LAB_DIR/memif.$i" ||
			fail "memif: viaload found something wrong"
	done
	viaduct_stop
	cp "$("$PYTHON" "$TOP/bench/peers/report.py" middle "$LAB_DIR"/memif.[123])" "$out"
	"$PYTHON" "$TOP/bench/peers/report.py" line memif "$out"
}

# --- the run -------------------------------------------------------------------------------------

# Kamailio takes what it asks for only up to this limit; the others are root and may pass it.
raise_buffer_limit() {
	rmem_max=$(cat /proc/sys/net/core/rmem_max)
	[ "$rmem_max" -ge $buffer ] || echo $buffer >/proc/sys/net/core/rmem_max
}

peers_down() {
	local status=$?
	set +e
	echo "$rmem_max" >/proc/sys/net/core/rmem_max
	(exit $status)
	lab_down
}

[ $core -gt 0 ] || skip "one core for the load and one for the forwarder are needed"
need kamailio taskset
[ -x "$load" ] || fail "no $load: call this as ./run bench peers"
lab_up one
lab_secret
raise_buffer_limit
trap peers_down EXIT
for ((round = 1; round <= rounds; round++)); do
	for name in $peers; do
		case $name in
		memif) measure_memif $round ;;
		*) measure "$name" $round ;;
		esac
	done
	peers=$(printf '%s\n' "$peers" | awk '{ for (i = NF; i > 0; i--) printf "%s ", $i }')
done
"$PYTHON" "$TOP/bench/peers/report.py" summary "$LAB_DIR" ${json:+"$json"}
