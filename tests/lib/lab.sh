# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The lab: network namespaces joined by veth pairs, made for one script and gone with it. Every
# link is created inside a namespace, so no interface of the host is ever touched, and the names
# carry the script's process id, so runs do not meet. The offloads of veth stay as Linux sets
# them: local senders leave the UDP checksum to a NIC that is not there.
#
#   lab_up two                                      (the default)
#   caller            proxy                         servers
#   10.1.0.1  ------ 10.1.0.10 | 10.2.0.10  ------ 10.2.0.11, .12, .13
#   fd01::1    out0  fd01::10  | fd02::10    in0   fd02::11, ::12, ::13
#
#   lab_up joined: the same, but callers and servers are in one namespace, for programs that play
#   both; their interfaces are net1 and net0
#
#   lab_up one
#   callers and servers                                 proxy
#   10.2.0.1, 10.2.0.11, .12, .13; fd02::1, ::11...  --- in0 10.2.0.10, fd02::10

LAB_ID=vd-lab-$$
LAB_DIR=
LAB_LINKS=2
LAB_SPACES=()
NS_C=$LAB_ID-c NS_P=$LAB_ID-p NS_S=$LAB_ID-s
SRV4=(10.2.0.11 10.2.0.12 10.2.0.13)
SRV6=(fd02::11 fd02::12 fd02::13)
IN4=10.2.0.10 IN6=fd02::10

in_ns() {
	local ns=$1
	shift
	ip netns exec "$ns" "$@"
}

# in_proxy, in_caller, in_servers COMMAND...
in_proxy() { in_ns "$NS_P" "$@"; }
in_caller() { in_ns "$NS_C" "$@"; }
in_servers() { in_ns "$NS_S" "$@"; }

# One namespace. No duplicate address detection: an address is usable at once.
lab_space() {
	LAB_SPACES+=("$1")
	ip netns add "$1" 2>/dev/null || skip "network namespaces are not allowed here"
	in_ns "$1" sh -c 'for i in all default; do
		echo 0 >/proc/sys/net/ipv6/conf/$i/accept_dad
		echo 0 >/proc/sys/net/ipv6/conf/$i/router_solicitations
	done'
	ip -n "$1" link set lo up
}

# lab_link NS1 IF1 NS2 IF2
lab_link() {
	ip -n "$1" link add "$2" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

# lab_address NS IF ADDRESS/LEN...
lab_address() {
	local ns=$1 dev=$2 a
	shift 2
	for a in "$@"; do
		case $a in
		*:*) ip -n "$ns" address add "$a" dev "$dev" nodad ;;
		*) ip -n "$ns" address add "$a" dev "$dev" ;;
		esac
	done
}

lab_up() {
	local dev=net0
	[ "$(id -u)" = 0 ] || skip "a lab of network namespaces needs root"
	need ip
	trap lab_down EXIT
	trap 'exit 130' INT TERM
	LAB_DIR=$(mktemp -d /tmp/viaduct-lab.XXXXXX)
	lab_space "$NS_P"
	lab_space "$NS_S"
	lab_link "$NS_P" in0 "$NS_S" net0
	lab_address "$NS_P" in0 $IN4/24 $IN6/64
	lab_address "$NS_S" net0 "${SRV4[@]/%//24}" "${SRV6[@]/%//64}"
	if [ "${1:-two}" = one ]; then
		LAB_LINKS=1
		NS_C=$NS_S CALLER4=10.2.0.1 CALLER6=fd02::1 OUT4=$IN4 OUT6=$IN6
		lab_address "$NS_S" net0 $CALLER4/24 $CALLER6/64
	else
		CALLER4=10.1.0.1 CALLER6=fd01::1 OUT4=10.1.0.10 OUT6=fd01::10
		if [ "${1:-two}" = joined ]; then
			NS_C=$NS_S dev=net1
		else
			lab_space "$NS_C"
		fi
		lab_link "$NS_P" out0 "$NS_C" $dev
		lab_address "$NS_P" out0 $OUT4/24 $OUT6/64
		lab_address "$NS_C" $dev $CALLER4/24 $CALLER6/64
	fi
	export LAB_DIR LAB_LINKS NS_C NS_P NS_S CALLER4 CALLER6 OUT4 OUT6 IN4 IN6
	LAB_SRV4="${SRV4[*]}" LAB_SRV6="${SRV6[*]}"
	export LAB_SRV4 LAB_SRV6
}

# Runs at every exit. What the script started lives in its namespaces and nowhere else, so their
# lists of processes are the list of what to end. A viaduct that is killed leaves the runtime
# directory of EAL behind.
lab_down() {
	local status=$? ns pid
	trap - EXIT INT TERM
	set +e
	if [ "$status" != 0 ] && [ "$status" != 77 ] && [ -s "$LAB_DIR/viaduct.log" ]; then
		echo "--- last lines of viaduct.log" >&2
		tail -n 20 "$LAB_DIR/viaduct.log" >&2
	fi
	disown -a
	for ns in "${LAB_SPACES[@]}"; do
		for pid in $(ip netns pids "$ns"); do
			kill -KILL "$pid" 2>/dev/null
			rm -rf "/var/run/dpdk/viaduct-$pid"
		done
	done
	for ns in "${LAB_SPACES[@]}"; do
		ip netns delete "$ns" 2>/dev/null
	done
	if [ -n "${LAB_KEEP:-}" ]; then
		echo "kept: $LAB_DIR" >&2
	else
		rm -rf "$LAB_DIR"
	fi
	exit "$status"
}
