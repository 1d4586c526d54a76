#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# An interface with more receive queues than workers take: viaduct says so, and the calls that
# arrive by the others complete all the same, through Linux.
#
#   SIPp callers 10.1.0.1 ---- out0 (2 queues) viaduct (1 worker) in0 ---- servers 10.2.0.11 ...
. "$(dirname "$0")/../lib/e2e.sh"
need sipp ethtool
LAB_DEVICE=xdp

lab_up
in_proxy ethtool -L out0 rx 2 >/dev/null 2>&1 || skip "veth has one queue here"
in_caller ethtool -L net0 tx 2 >/dev/null
lab_config 4 <<<"workers: 1"
viaduct_start
assert_in_log 'interface outside: out0 receives by 2 queues, and workers take 1' \
	"$LAB_DIR/viaduct.log"
sipp_servers 4 call_uas
# Each source port is a flow, and goes to one of the two queues.
callers=()
for port in $(seq 5061 5076); do
	sipp_calls "from$port" "$CALLER4" "$OUT4" call_uac 10 10 -d 100 -p "$port" &
	callers+=($!)
done
wait "${callers[@]}" || true
for port in $(seq 5061 5076); do
	assert_calls "from$port" 10
done
sipp_servers_stop
# INVITE, ACK and BYE of 16 flows; it is next to impossible that all have one queue.
slow=$(ctl --json counters rx_by_linux --all |
	"$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["counters"][0]["value"])')
assert_ge "$slow" 30 "datagrams that took the slow way"
assert_ge 450 "$slow" "datagrams that took the slow way, at most"
viaduct_stop
