#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# ./run demo: real calls through viaduct, in a lab of network namespaces that is gone afterwards. No
# NIC, no hugepages. Exit status 0 only if every call completed and the servers shared them evenly.
#
#   SIPp caller 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 SIPp servers
#
# DEMO_CALLS and DEMO_RATE (calls per second) change the load.
# The share of a server is a random number, as the Call-IDs are: with 45,000 calls its standard
# deviation is 0.7 % of an even share, so that 3 % is a bound for the balancer, not for luck.
terminal_charset=${LC_ALL:-${LC_CTYPE:-${LANG:-}}}
. "$(dirname "$0")/../lib/e2e.sh"

calls=${DEMO_CALLS:-45000}
rate=${DEMO_RATE:-1500}
hold_ms=500
tolerance=3.0   # per cent of an even share

bold='' green='' red='' plain='' tick='#'
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
	case $terminal_charset in *[Uu][Tt][Ff]*8) tick=$'\xe2\x96\x88' ;; esac
fi

say() { printf '%s\n' "$*"; }
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# bar LENGTH
bar() {
	local i out=
	for ((i = 0; i < $1; i++)); do out+=$tick; done
	printf '%s' "$out"
}

# draw_progress: one line on a terminal, one line in 5 s elsewhere.
draw_progress() {
	local done_calls=$1 now_rate=$2 up=$3 failed=$4 line
	printf -v line '  %6d of %d calls  [%-30s]  %5d calls/s  %4d up  %d failed' \
		"$done_calls" "$calls" "$(bar $((done_calls * 30 / calls)))" \
		"$now_rate" "$up" "$failed"
	if [ -t 1 ]; then
		printf '\r%s\e[K' "$line"
	elif [ "$done_calls" = "$calls" ] || [ $((SECONDS % 5)) = 0 ]; then
		say "$line"
	fi
}

watch_calls() {
	local before=0 now
	while kill -0 "$1" 2>/dev/null; do
		sleep 1
		now=$(sipp_stat caller 'SuccessfulCall(C)')
		[ -n "$now" ] || continue
		draw_progress "$now" $((now - before)) "$(sipp_stat caller CurrentCall)" \
			"$(sipp_stat caller 'FailedCall(C)')"
		before=$now
		[ "$now" != "$calls" ] || break
	done
	[ ! -t 1 ] || say
}

need sipp tcpdump
lab_up
lab_config </dev/null
title "Viaduct: a stateless, load-balancing SIP proxy"
say "
  caller             viaduct                        three servers
  10.1.0.1  ------  10.1.0.10 | 10.2.0.10  ------  10.2.0.11  10.2.0.12  10.2.0.13
  SIPp               veth ports, no NIC             SIPp"
title "Configuration"
sed 's/^/  /' "$LAB_DIR/viaduct.yaml"
viaduct_start
title "Calls: INVITE 100 180 200 ACK, ${hold_ms} ms, BYE 200"
sipp_servers 4 call_uas

# The first messages on both sides of the proxy: how they look and how long they take. What a DPDK
# device sends, Linux shows only at the other end of the wire.
capture "$NS_C" net0 "$LAB_DIR/outside.pcap" "udp port 5060" -c 20000
outside=$CAPTURE_PID
capture "$NS_S" net0 "$LAB_DIR/inside.pcap" "udp port 5060" -c 20000
inside=$CAPTURE_PID

begin=$(date +%s.%N)
(cd "$LAB_DIR" && SIPP_TIMEOUT=150 sipp_calls caller "$CALLER4" "$OUT4" call_uac "$calls" "$rate" \
	-d $hold_ms -l 15000 -trace_rtt -rtt_freq 1000) &
caller=$!
watch_calls $caller
status=0
wait $caller || status=$?
end=$(date +%s.%N)
kill -INT "$outside" "$inside" 2>/dev/null || true
sipp_servers_stop
viaduct_stop

completed=$(sipp_stat caller 'SuccessfulCall(C)')
failed=$(sipp_stat caller 'FailedCall(C)')
title "Result"
seconds=$(awk -v a="$begin" -v b="$end" 'BEGIN { print b - a }')
retransmissions=$(sipp_stat caller 'Retransmissions(C)')
say "  calls               $completed completed, $failed failed, $retransmissions retransmissions"
awk -v calls="$completed" -v seconds="$seconds" 'BEGIN {
	printf "  rate                %d calls/s", calls / seconds
	printf ", %d SIP messages/s through the proxy, for %d s\n", 7 * calls / seconds, seconds
}'
awk -F ';' '$3 == 1 { n++; sum += $2; if ($2 > max) max = $2 } END {
	if (n)
		printf "  callers waited      mean %.2f ms, longest %d ms (SIPp, INVITE to 180)\n",
			sum / n, max
}' "$LAB_DIR"/*_rtt.csv
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$TOP/tests/e2e "$PYTHON" "$TOP/tests/demo/report.py" \
	"$LAB_DIR/outside.pcap" "$LAB_DIR/inside.pcap"

title "Spread"
even=yes total=0 n=0
for name in s1 s2 s3; do
	got=$(sipp_stat $name 'IncomingCall(C)')
	total=$((total + got))
	share=$(awk -v g="$got" -v c="$calls" 'BEGIN { printf "%.2f", 100 * g / c }')
	off=$(awk -v g="$got" -v c="$calls" 'BEGIN { printf "%+.2f", 100 * (3 * g / c - 1) }')
	awk -v o="$off" -v t=$tolerance 'BEGIN { exit (o < 0 ? -o : o) > t }' || even=no
	printf '  %-11s %6d calls  %5s %%  %s %s %% from even\n' "${SRV4[$n]}" "$got" "$share" \
		"$(bar $((got * 90 / calls)))" "$off"
	n=$((n + 1))
done

say
all=no
[ "$status $completed $failed $total" = "0 $calls 0 $calls" ] && all=yes
if [ $all = yes ] && [ $even = yes ]; then
	say "${green}PASS${plain}  every one of $calls calls completed, each at one server;" \
		"spread within $tolerance % of even"
	exit 0
fi
say "${red}FAIL${plain}  $completed of $calls calls completed, $failed failed;" \
	"$total reached the servers; spread even: $even"
[ ! -s "$LAB_DIR/caller.err" ] || head -c 1000 "$LAB_DIR/caller.err"
exit 1
