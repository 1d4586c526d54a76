#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A flood of what is not SIP, to a TAP: calls pass all the same, and so do the answers that keep
# the neighbours known.
#
#   caller 10.1.0.1 ---- [out0: DPDK] viaduct, TAP outside; in0 ---- servers 10.2.0.11 ...
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tap.sh"
need sipp ethtool ping

tap_lab 4 </dev/null
viaduct_start
# Linux looks again at its neighbours all the time.
in_proxy sh -c 'cd /proc/sys/net/ipv4/neigh/outside
	echo 1 >delay_first_probe_time
	echo 500 >base_reachable_time_ms'
sipp_servers 4 call_uas
in_caller ping -c 1 -W 3 10.1.0.10 >/dev/null || fail "no echo before the flood"
flood() {
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$TOP/tests/e2e \
		ip netns exec "$NS_C" "$PYTHON" - <<-'PYTHON'
		import os

		from packets import *
		from siplab import *

		s = frames(NS_C, "net0")
		to, own = mac_of(NS_P, "outside"), mac_of(NS_C, "net0")
		junk = []
		for size in 20, 600, 1300:
		    for port in range(50):
		        data = bytes(size)
		        data = udp_header("10.1.0.1", 1024 + port, "10.1.0.10", 9, data) + data
		        packet = ip_packet("10.1.0.1", "10.1.0.10", 17, data)
		        junk.append(ethernet(to, own, packet))
		while not os.path.exists(ENV["LAB_DIR"] + "/enough"):
		    for frame in junk:
		        s.send(frame)
	PYTHON
}
flood &
flooder=$!
sipp_calls caller "$CALLER4" "$OUT4" call_uac 500 100 -d 100 || true
assert_calls caller 500
flooded() { [ "$(lab_counter to_kernel)" -ge 50000 ]; }
wait_until 60 flooded || fail "only $(lab_counter to_kernel) frames of the flood"
touch "$LAB_DIR/enough"
wait "$flooder" || fail "no flood"
in_caller ping -c 1 -W 3 10.1.0.10 >/dev/null || fail "no echo after the flood"
viaduct_stop
