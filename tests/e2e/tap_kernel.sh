#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A device that DPDK owns, and Linux beside it by a TAP (kernel: tap): ping, ARP, neighbour
# discovery, TCP, VLAN tags, other UDP and its ICMP errors pass both ways; SIP calls pass by the
# device and never reach the TAP. The TAP has the name, link address, MTU and addresses of the
# interface and goes with the process.
#
#   caller 10.1.0.1, fd01::1 ---- [out0: DPDK] viaduct in0 ---- servers 10.2.0.11 ..., fd02::11 ...
#                                      |
#                          TAP "outside" 10.1.0.10, fd01::10
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tap.sh"
need sipp socat ping ethtool

tap_lab 46 </dev/null
viaduct_start

mac=$(in_proxy cat /sys/class/net/out0/address)
assert_eq "$(in_proxy cat /sys/class/net/outside/address)" "$mac" "link address of the TAP"
assert_eq "$(in_proxy cat /sys/class/net/outside/mtu)" 1400 "MTU of the TAP"

# No answer comes twice: nobody but the TAP's Linux is on the wire.
for way in "in_caller 10.1.0.10" "in_caller fd01::10" "in_proxy 10.1.0.1" "in_proxy fd01::1"; do
	ip -n "$NS_C" neighbor flush dev net0
	ip -n "$NS_P" neighbor flush dev outside
	# shellcheck disable=SC2086
	pinged=$(set -- $way && $1 ping -c 3 -i 0.2 -W 3 "$2") || fail "ping: $way: $pinged"
	grep -q "3 received, 0% packet loss" <<<"$pinged" || fail "ping: $way: $pinged"
done
in_caller ping -c 2 -i 0.2 -W 3 -s 4000 10.1.0.10 >/dev/null || fail "ping of 4000 bytes"
in_caller ping -c 2 -i 0.2 -W 3 -s 4000 fd01::10 >/dev/null || fail "ping of 4000 bytes, IPv6"

tap_tcp in_caller in_proxy TCP4-LISTEN:7000,reuseaddr TCP4:10.1.0.10:7000
tap_tcp in_proxy in_caller TCP6-LISTEN:7000,reuseaddr 'TCP6:[fd01::1]:7000'

sipp_servers 4 call_uas
capture "$NS_P" outside "$LAB_DIR/tap.pcap" 'udp port 5060'
sipp_calls caller "$CALLER4" "$OUT4" call_uac 100 100 -d 100 || true
assert_calls caller 100
capture_stop
sipp_servers_stop
# A first message to a neighbour that Linux does not know yet leaves by the TAP; none comes in.
came=$(tcpdump -n -r "$LAB_DIR/tap.pcap" 'udp dst port 5060 and dst host 10.1.0.10' 2>/dev/null)
assert_eq "$came" "" "SIP that came in by the TAP"

check_python 1 1300 1401 12000 <"$TOP/tests/e2e/tap_kernel.py"

viaduct_stop
tap_is_gone 2>/dev/null || fail "the TAP is still there after the end"
viaduct_start
viaduct_kill
wait_until 20 tap_is_gone || fail "the TAP is still there after a SIGKILL"
