# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# SIPp as callers and servers. Scenarios are in tests/e2e/sipp; every run leaves its statistics in
# $LAB_DIR/NAME.csv.

SIPP_DIR=$TOP/tests/e2e/sipp

# SIPp wants IPv6 addresses in brackets.
sipp_host() {
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

# sipp_server NAME ADDRESS SCENARIO [ARGUMENT...]: one server in the background, answering when
# this returns.
sipp_server() {
	local name=$1 address=$2 scenario=$3
	shift 3
	ip netns exec "$NS_S" sipp -sf "$SIPP_DIR/$scenario.xml" -nostdin -max_retrans 5 \
		-i "$(sipp_host "$address")" -p 5060 -trace_stat -stf "$LAB_DIR/$name.csv" -fd 1 \
		-trace_err -error_file "$LAB_DIR/$name.err" "$@" >"$LAB_DIR/$name.out" 2>&1 &
	printf -v "${name}_pid" %s $!
	wait_until 20 sipp_listens "$NS_S" "$address" ||
		fail "SIPp server $name did not start: $(tail -n 3 "$LAB_DIR/$name.out")"
}

sipp_listens() {
	in_ns "$1" ss -Hltun | grep -Fq "$(sipp_host "$2"):5060 "
}

# sipp_servers 4|6 SCENARIO [ARGUMENT...]: s1, s2, s3 on the lab's three addresses.
sipp_servers() {
	local family=$1 n=0 a list
	shift
	[ "$family" = 4 ] && list=("${SRV4[@]}") || list=("${SRV6[@]}")
	for a in "${list[@]}"; do
		sipp_server "s$((n += 1))" "$a" "$@"
	done
}

# Ends a server when its calls are over, so that the last line of its statistics is complete.
sipp_server_stop() {
	local pid=${1}_pid
	kill -USR1 "${!pid}" 2>/dev/null || true
	wait "${!pid}" 2>/dev/null || true
}

sipp_servers_stop() {
	local name
	for name in s1 s2 s3; do
		sipp_server_stop $name
	done
}

# sipp_calls NAME LOCAL REMOTE SCENARIO CALLS RATE [ARGUMENT...]: runs calls to the end; the
# status is SIPp's. SIPP_TIMEOUT: only what hangs comes to it.
sipp_calls() {
	local name=$1 local_ip=$2 remote=$3 scenario=$4 calls=$5 rate=$6
	shift 6
	${SIPP_EXEC:+exec} ip netns exec "$NS_C" sipp -sf "$SIPP_DIR/$scenario.xml" \
		-nostdin -max_retrans 5 -s service \
		-i "$(sipp_host "$local_ip")" "$(sipp_host "$remote"):5060" \
		-m "$calls" -r "$rate" -timeout "${SIPP_TIMEOUT:-120}s" -timeout_error \
		-trace_stat -stf "$LAB_DIR/$name.csv" -fd 1 \
		-trace_err -error_file "$LAB_DIR/$name.err" "$@" >"$LAB_DIR/$name.out" 2>&1
}

# sipp_calls_begin NAME LOCAL REMOTE SCENARIO RATE [ARGUMENT...]: calls in the background until
# sipp_calls_end NAME LEAST, which waits for those that have begun: all have completed, and they
# were LEAST or more.
sipp_calls_begin() {
	local name=$1
	SIPP_EXEC=yes SIPP_TIMEOUT=600 sipp_calls "${@:1:4}" 1000000 "${@:5}" &
	printf -v "${name}_pid" %s $!
}

sipp_calls_end() {
	wait_until 120 sipp_has_made "$1" "$2" ||
		fail "only $(sipp_stat "$1" TotalCallCreated) calls of $1"
	sipp_server_stop "$1"
	assert_calls "$1" "$(sipp_stat "$1" TotalCallCreated)"
}

sipp_has_made() {
	[ "$(sipp_stat "$1" TotalCallCreated)" -ge "$2" ]
}

# sipp_stat NAME COLUMN: from the last line of the statistics.
sipp_stat() {
	awk -F ';' -v column="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) c = i }
		{ value = $c }
		END { print value }' "$LAB_DIR/$1.csv"
}

# assert_calls NAME CALLS: all were made, all completed.
assert_calls() {
	local errors=
	[ ! -s "$LAB_DIR/$1.err" ] || errors=": $(head -c 1500 "$LAB_DIR/$1.err")"
	assert_eq "$(sipp_stat "$1" 'SuccessfulCall(C)')" "$2" "completed calls of $1$errors"
	assert_eq "$(sipp_stat "$1" 'FailedCall(C)')" 0 "failed calls of $1$errors"
}
