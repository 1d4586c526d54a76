#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# xdp: where the driver knows nothing of XDP: Linux runs the program itself (generic mode), here on
# a bridge. On the other side, xdp: with kernel: none, where every frame is viaduct's.
#
#   SIPp caller 10.1.0.1 ---- out0 viaduct br0 ---- 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp
LAB_DEVICE=packet

# has_mode IF WORD: how Linux shows the program on the interface: "xdp/" is native mode.
has_mode() { in_proxy ip -details link show "$1" | grep -q " $2"; }

lab_up
# A bridge takes the place of in0, which becomes its port.
ip -n "$NS_P" link add br0 type bridge
ip -n "$NS_P" link set in0 master br0
for address in $IN4/24 $IN6/64; do
	ip -n "$NS_P" address del "$address" dev in0
	lab_address "$NS_P" br0 "$address"
done
ip -n "$NS_P" link set br0 up
mac=$(in_caller cat /sys/class/net/net0/address)
lab_config </dev/null
alone="kernel: none, addresses: [\"$OUT4/24\"]"
alone+=", neighbors: [{address: \"$CALLER4\", mac: \"$mac\"}]"
sed -i -e 's|device: "packet:in0"|device: "xdp:br0"|' \
	-e "s|device: \"packet:out0\"|device: \"xdp:out0\", $alone|" "$LAB_DIR/viaduct.yaml"
# With kernel: none Linux has no address there; the caller must know ours.
ip -n "$NS_P" address flush dev out0
ip -n "$NS_C" neighbor replace "$OUT4" dev net0 nud permanent \
	lladdr "$(in_proxy cat /sys/class/net/out0/address)"

viaduct_start
has_mode br0 xdpgeneric || fail "no program in generic mode: $(in_proxy ip link show br0)"
has_mode out0 xdp || fail "no program on out0"
sipp_servers 4 call_uas
sipp_calls caller "$CALLER4" "$OUT4" call_uac 200 100 -d 200 || true
assert_calls caller 200
sipp_servers_stop
in_servers ping -q -i 0.05 -c 10 -W 2 "$IN4" >"$LAB_DIR/ping" ||
	fail "pings lost: $(cat "$LAB_DIR/ping")"
# Every frame of out0 went to the worker; nobody answered this.
! in_caller ping -q -c 2 -i 0.2 -W 0.5 "$OUT4" >/dev/null || fail "Linux answered on out0"
drops=$(ctl --json counters not_udp --all |
	"$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["counters"][0]["value"])')
assert_ge "$drops" 2 "pings that came to the worker"
viaduct_stop
! has_mode br0 xdp || fail "the program is still on br0 after the stop"
