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
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$TOP/tests/e2e "$PYTHON" - <<-'PYTHON'
		import time

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
		end = time.monotonic() + 8
		while time.monotonic() < end:
		    for frame in junk:
		        s.send(frame)
	PYTHON
}
flood &
flooder=$!
sipp_calls caller "$CALLER4" "$OUT4" call_uac 500 100 -d 100 || true
kill -0 "$flooder" 2>/dev/null || fail "the flood was over before the calls"
wait "$flooder" || fail "no flood"
assert_calls caller 500
taken=$(ctl --json counters to_kernel | grep -Eo '"value": *[0-9]+' | grep -Eo '[0-9]+$')
assert_ge "${taken:-0}" 50000 "frames of the flood"
in_caller ping -c 1 -W 3 10.1.0.10 >/dev/null || fail "no echo after the flood"
viaduct_stop
