#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# ./run demo: real calls through viaduct, in a lab of network namespaces that is gone afterwards. No
# NIC, no hugepages. Exit status 0 only if every call completed and the servers shared them evenly.
#
#   callers 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13 servers
#
# Callers and servers are first those of viaload, which makes as many calls as come through and
# checks every message of them, then those of SIPp: fewer, but a witness that is not ours. Both live
# in one namespace, since one viaload plays both. In the end TLS and TCP join in (streams.sh).
#
# DEMO_SECONDS changes how long viaload calls, DEMO_CALLS and DEMO_RATE (calls per second) the load
# of SIPp; DEMO_REPORT=FILE.html keeps the page that viaload writes.
# The share of a server is a random number, as the Call-IDs are: with 50,000 calls its standard
# deviation is 0.6 % of an even share, with 12,000 it is 1.3 %. So the bounds of 3 and 6 % are for
# the balancer, not for luck.
terminal_charset=${LC_ALL:-${LC_CTYPE:-${LANG:-}}}
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/demo/streams.sh"

VIALOAD=${VIALOAD:-$TOP/build/viaload}
seconds=${DEMO_SECONDS:-12}
at_a_time=1000
calls=${DEMO_CALLS:-12000}
rate=${DEMO_RATE:-500}
hold_ms=500
load_tolerance=3 sipp_tolerance=6 # per cent of an even share

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

# spread TOLERANCE CALLS...: one line for each server; false if one is further from its even share.
spread() {
	local tolerance=$1 total=0 n=0 got status=0
	shift
	for got in "$@"; do total=$((total + got)); done
	for got in "$@"; do
		awk -v got="$got" -v total="$total" -v servers=$# -v tolerance="$tolerance" \
			-v address="${SRV4[$n]}" -v bar="$(bar $((total ? got * 90 / total : 0)))" '
			BEGIN {
				off = total ? 100 * (servers * got / total - 1) : -100
				printf "  %-11s %7d calls  %s %+.2f %% from even\n",
					address, got, bar, off
				exit (off < 0 ? -off : off) > tolerance
			}' || status=1
		n=$((n + 1))
	done
	return $status
}

# --- viaload ------------------------------------------------------------------------------------

# Sets load_ok and load_words.
demo_viaload() {
	local options=() status=0 load_done failed lost wrong servers
	title "1. viaload: calls as fast as they end, each message checked"
	say "  INVITE 100 180 200 ACK, 100 ms, BYE 200; $at_a_time calls at a time, $seconds s"
	[ -z "${DEMO_REPORT:-}" ] || options=(--report "$DEMO_REPORT")
	in_ns "$NS_S" "$VIALOAD" --no-huge --cpus 0 --domain example.com \
		--caller packet:net1 --callers "$CALLER4" --proxy "$OUT4" \
		--server packet:net0 --servers "${LAB_SRV4// /,}" \
		--calls $at_a_time --hold 100 --retransmit --time "$seconds" \
		--json "$LAB_DIR/viaload.json" "${options[@]}" call >"$LAB_DIR/viaload.out" ||
		status=$?
	sed '/./s/^/  /' "$LAB_DIR/viaload.out"
	[ -s "$LAB_DIR/viaload.json" ] || fail "viaload did not run (exit status $status)"
	read -r load_done failed lost wrong load_rate servers < \
		<("$PYTHON" "$TOP/tests/demo/load.py" "$LAB_DIR/viaload.json")
	say
	load_ok=yes
	# shellcheck disable=SC2086
	spread $load_tolerance $servers || load_ok=no
	[ "$status $failed $lost $wrong" = "0 0 0 0" ] || load_ok=no
	[ "$load_done" -gt 0 ] || load_ok=no
	load_words="viaload: $load_done calls, $load_rate a second, $failed failed,"
	load_words+=" $lost messages lost, $wrong wrong"
}

# --- SIPp ----------------------------------------------------------------------------------------

# The first messages on both sides of the proxy: how they look and how long they take. What a DPDK
# device sends, Linux shows only at the other end of the wire.
capture_both() {
	capture "$NS_C" net1 "$LAB_DIR/outside.pcap" "udp port 5060" -c 20000
	outside=$CAPTURE_PID
	capture "$NS_S" net0 "$LAB_DIR/inside.pcap" "udp port 5060" -c 20000
	inside=$CAPTURE_PID
}

# Runs all calls of SIPp, $elapsed seconds of them; the status is SIPp's.
sipp_run() {
	local begin end caller status=0
	begin=$(date +%s.%N)
	(cd "$LAB_DIR" && SIPP_TIMEOUT=$((calls / rate + 40)) \
		sipp_calls caller "$CALLER4" "$OUT4" call_uac "$calls" "$rate" \
		-d $hold_ms -l 15000 -trace_rtt -rtt_freq 1000) &
	caller=$!
	watch_calls $caller
	wait $caller || status=$?
	end=$(date +%s.%N)
	elapsed=$(awk -v a="$begin" -v b="$end" 'BEGIN { print b - a }')
	return $status
}

sipp_result() {
	local retransmissions
	retransmissions=$(sipp_stat caller 'Retransmissions(C)')
	say "  calls               $completed completed, $failed failed," \
		"$retransmissions retransmissions"
	awk -v calls="$completed" -v seconds="$elapsed" 'BEGIN {
		printf "  rate                %d calls/s", calls / seconds
		printf ", %d SIP messages/s through the proxy, for %d s\n",
			7 * calls / seconds, seconds
	}'
	awk -F ';' '$3 == 1 { n++; sum += $2; if ($2 > max) max = $2 } END {
		if (n)
			printf "  callers waited      mean %.2f ms, longest %d ms %s\n",
				sum / n, max, "(SIPp, INVITE to 180)"
	}' "$LAB_DIR"/*_rtt.csv
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$TOP/tests/e2e "$PYTHON" "$TOP/tests/demo/report.py" \
		"$LAB_DIR/outside.pcap" "$LAB_DIR/inside.pcap"
}

# Sets sipp_ok and sipp_words.
demo_sipp() {
	local status=0 completed failed elapsed outside inside name total=0 got=()
	title "2. SIPp, a witness that is not ours: $calls calls, $rate a second"
	say "  INVITE 100 180 200 ACK, $hold_ms ms, BYE 200"
	sipp_servers 4 call_uas
	capture_both
	sipp_run || status=$?
	kill -INT "$outside" "$inside" 2>/dev/null || true
	sipp_servers_stop
	completed=$(sipp_stat caller 'SuccessfulCall(C)')
	failed=$(sipp_stat caller 'FailedCall(C)')
	say
	sipp_result
	for name in s1 s2 s3; do
		got+=("$(sipp_stat $name 'IncomingCall(C)')")
		total=$((total + got[-1]))
	done
	say
	sipp_ok=yes
	spread $sipp_tolerance "${got[@]}" || sipp_ok=no
	[ "$status $completed $failed $total" = "0 $calls 0 $calls" ] || sipp_ok=no
	sipp_words="SIPp: $completed of $calls calls, $failed failed, $total reached the servers"
}

# --- the demo ------------------------------------------------------------------------------------

need sipp tcpdump
lab_up joined
lab_config </dev/null
title "Viaduct: a stateless, load-balancing SIP proxy"
say "
  callers            viaduct                        three servers
  10.1.0.1  ------  10.1.0.10 | 10.2.0.10  ------  10.2.0.11  10.2.0.12  10.2.0.13
                     veth ports, no NIC"
title "Configuration"
sed 's/^/  /' "$LAB_DIR/viaduct.yaml"
viaduct_start
demo_viaload
demo_sipp
demo_streams
viaduct_stop

title "Verdict"
say "  $load_words"
say "  $sipp_words"
say "  $tls_words"
say "  $tcp_words"
if [ "$load_ok $sipp_ok $tls_ok $tcp_ok" = "yes yes yes yes" ]; then
	say "${green}PASS${plain}  every call completed, each at one server, spread evenly"
	exit 0
fi
say "${red}FAIL${plain}  all calls completed, spread within $load_tolerance %: viaload, $load_ok" \
	"(within $sipp_tolerance %: SIPp, $sipp_ok); by TLS, $tls_ok; by TCP, $tcp_ok"
[ ! -s "$LAB_DIR/caller.err" ] || head -c 1000 "$LAB_DIR/caller.err"
exit 1
