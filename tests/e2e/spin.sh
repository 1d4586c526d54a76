#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A spinning worker has a CPU to itself: no other thread of viaduct may run there, however much TLS
# or DNS has to be done. Calls pass as ever.
#
#   SIPp caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 SIPp servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp
[ "$(nproc)" -ge 2 ] || skip "one CPU for the worker and one for all else are needed"

lab_up
lab_config 4 <<<"idle: spin"
viaduct_start
worker='' others=()
for task in /proc/"$VIADUCT_PID"/task/*; do
	cpus=$(awk '/^Cpus_allowed_list/ { print $2 }' "$task/status")
	case $(cat "$task/comm") in
	rte-worker*) worker=$cpus ;;
	*) others+=("$cpus") ;;
	esac
done
[[ $worker =~ ^[0-9]+$ ]] || fail "the worker may run on CPUs $worker"
assert_ge ${#others[@]} 1 "threads beside the worker"
for cpus in "${others[@]}"; do
	taskset -c "$cpus" "$PYTHON" -c "import os
assert $worker not in os.sched_getaffinity(0)" ||
		fail "the worker has CPU $worker, another thread CPUs $cpus"
done
sipp_servers 4 call_uas
sipp_calls caller "$CALLER4" "$OUT4" call_uac 100 100
assert_calls caller 100
sipp_servers_stop
viaduct_stop
