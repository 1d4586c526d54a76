#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Between UDP and TCP with a UDP leg that loses a third of what is sent: every call completes
# (RFC 3261 16.1, 17). First the callers' leg is the lossy one, then the servers'.
#
#   caller 10.1.0.1 --lossy-- out0 viaduct in0 ==TCP== 10.2.0.11, .12, .13 servers
#   caller 10.1.0.1 ==TCP== out0 viaduct in0 --lossy-- 10.2.0.11, .12, .13 servers
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/crossing.sh"
need "$PYTHON"

lossy() {
	LAB_TRANSPORTS=$2 lab_config </dev/null
	viaduct_start
	"$PYTHON" "$TOP/tests/e2e/crossing_lossy.py" "$1" ||
		fail "callers by $1: $(ctl transactions | tail -n 12)"
	assert_ge "$(crossing_count retransmitted)" 1 "messages that we sent again"
	assert_eq "$(crossing_count refused)" 0 "transactions refused"
	lab_balance
	viaduct_stop
}

lab_up
lossy udp tcp
lossy tcp udp
