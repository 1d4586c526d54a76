# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The lab with out0 as a NIC that DPDK owns: Linux neither answers on it nor has addresses there,
# callers' packets have their checksums, and the interface "outside" has a TAP.

# tap_lab 4|6|46: lab_up and lab_config with it. Standard input: further YAML; $TAP_KEYS: further
# keys of the interface.
tap_lab() {
	[ -e /dev/net/tun ] || skip "no /dev/net/tun"
	lab_up
	ip -n "$NS_P" address flush dev out0
	# What came in by out0 and Linux would answer elsewhere is dropped and not answered by ARP.
	in_proxy sh -c 'cd /proc/sys/net
		echo 1 >ipv6/conf/out0/disable_ipv6
		echo 1 >ipv4/conf/out0/rp_filter
		echo 1 >ipv4/conf/out0/arp_filter'
	in_caller ethtool -K net0 tx off >/dev/null
	ip -n "$NS_P" link set out0 mtu 1400
	ip -n "$NS_C" link set net0 mtu 1400
	tap_config "$@"
}

# tap_config 4|6|46: writes the configuration anew. Linux puts IPv4 fragments together before
# DPDK's driver sees them, so frames may be long.
tap_config() {
	lab_config "$1"
	sed -i 's|{name: outside, device: "packet:out0"}|{name: outside, kernel: tap'"$TAP_KEYS"',\
     device: "vdev:net_af_packet7,iface=out0,framesz=16384,blocksz=65536"}|' "$LAB_DIR/viaduct.yaml"
}
TAP_KEYS=', addresses: ["10.1.0.10/24", "fd01::10/64"]'

tap_is_gone() {
	! ip -n "$NS_P" link show dev outside
}

# tap_tcp FROM TO LISTENER TARGET: 20 MB arrive as they were sent. FROM, TO: in_caller, in_proxy.
tap_tcp() {
	local reader
	head -c 20000000 /dev/urandom >"$LAB_DIR/sent"
	"$2" timeout 60 socat -u "$3" "OPEN:$LAB_DIR/got,creat,trunc" &
	reader=$!
	wait_until 20 tap_tcp_listens "$2" || fail "socat does not listen"
	"$1" timeout 60 socat -u "OPEN:$LAB_DIR/sent" "$4" || fail "TCP to $4"
	wait "$reader" || fail "TCP at $3"
	cmp "$LAB_DIR/sent" "$LAB_DIR/got" || fail "TCP to $4 changed bytes"
}

tap_tcp_listens() {
	[ -n "$("$1" ss -Hltn 'sport = 7000')" ]
}
