#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# viaload over two interfaces of Linux: all kinds of calls come to their end through viaduct, both
# programs count the same, and a proxy that does something else than expected is told from one that
# does not.
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/_viaload.sh"

viaload_lab
lab_config 4 </dev/null
viaduct_start
read -ra sides <<<"$(viaload_sides 4)"

# 1. Calls of all kinds, in a closed loop.
viaload_run calls 0 "${sides[@]}" --calls 20 --max-calls 2000 --warm-up 0 \
	--cancel 10 --busy 10 --reinvite 10 --repeat 10 call
calls=$(found calls result.counters.calls_started)
assert_ge "$calls" 2000 "calls begun"
assert_eq "$(found calls result.counters.calls_done)" "$calls" "calls that ended as they should"
assert_eq "$(found calls result.counters.lost)" 0 "messages lost"
assert_eq "$(found calls verdict.wrong)" 0 "wrong ones"
assert_eq "$(found calls servers.calls)" "$calls" "calls over all servers"
for i in 0 1 2; do
	assert_ge "$(found calls servers.list.$i.calls)" 450 "calls at server $i"
done
viaduct_stop
taken=$(($(proxy_counted rx_requests) + $(proxy_counted rx_responses)))
assert_eq "$(found calls result.counters.sent)" $taken "messages sent, and taken by viaduct"
assert_eq "$(proxy_counted forwarded)" \
	$(($(found calls result.counters.received) + $(found calls result.counters.repeated))) \
	"received, and forwarded by viaduct"
assert_in_log '^passed$' "$LAB_DIR/calls.out"

# 2. Other scenarios; the page.
viaduct_start
for scenario in options register mix; do
	viaload_run $scenario 0 "${sides[@]}" --calls 10 --max-calls 300 --warm-up 0 \
		--report "$LAB_DIR/$scenario.html" $scenario
	assert_ge "$(found $scenario result.counters.calls_done)" 300 "calls of $scenario"
	assert_eq "$(found $scenario verdict.passed)" true "verdict on $scenario"
	tail -n 1 "$LAB_DIR/$scenario.html" | grep -q '</html>' || fail "half a page"
done

# 3. Messages out of files, as they are, by the clock. How many a busy machine lets through is not
# the question.
for n in 1 2 3; do
	printf '%s\r\n' "MESSAGE sip:user$n@example.com SIP/2.0" \
		"Via: SIP/2.0/UDP $CALLER4:5060;branch=z9hG4bKfile$n" 'Max-Forwards: 70' \
		'From: <sip:a@example.com>;tag=1' "To: <sip:user$n@example.com>" \
		"Call-ID: file-$n@example.com" "CSeq: $n MESSAGE" 'Content-Length: 4' '' \
		>"$LAB_DIR/$n.sip"
	printf 'text' >>"$LAB_DIR/$n.sip"
done
viaload_run files 0 "${sides[@]}" --rate 1000 --time 0.5 --warm-up 0.1 \
	file "$LAB_DIR"/{1,2,3}.sip
assert_ge "$(found files result.counters.received)" 20 "messages out of files"

# 4. The proxy answers by itself: no domain of its.
viaload_run refused 1 "${sides[@]}" --domain elsewhere.example --calls 1 --max-calls 5 call
assert_ge "$(found refused result.counters.refused)" 5 "answers of the proxy"
assert_eq "$(found refused faults.0.what)" refused "the first fault"
assert_in_log 'SIP/2.0 403' "$LAB_DIR/refused.out"

# 5. A server of the pool is not there: its calls fail, the others do not.
viaload_run absent 1 "${sides[@]/%-${SRV4[2]}/-${SRV4[1]}}" --calls 10 --max-calls 100 \
	--timeout 300 --warm-up 0 call
assert_ge "$(found absent result.counters.lost)" 10 "messages to the server that is away"
assert_ge "$(found absent result.counters.calls_done)" 30 "calls of the others"
assert_in_log '^FAILED: ' "$LAB_DIR/absent.out"
assert_eq "$(found absent result.counters.misrouted)" 0 "misrouted"
viaduct_stop

# 6. What cannot run says why.
viaload_run usage 2 "${sides[@]}" --rate fast call
assert_in_log '^viaload: --rate: "fast" is not a number' "$LAB_DIR/usage.out"
viaload_run nothing 3 "${sides[@]/net0/absent}" call
assert_in_log '^viaload: .*absent' "$LAB_DIR/nothing.out"
