#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Callers in one viaload, servers in another one, in other namespaces: each checks what it gets, and
# the servers end by a signal with a verdict of their own.
#
#   viaload 10.1.0.1 ---- out0 viaduct in0 ---- 10.2.0.11 to .13 viaload
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/_viaload.sh"

lab_up two
lab_config </dev/null
viaduct_start

addresses=(--callers "$CALLER4:5060-5063" --servers "${SRV4[0]}-${SRV4[2]}" --proxy "$OUT4")
ip netns exec "$NS_S" "$VIALOAD" --no-huge --domain example.com --timeout 10000 \
	--json "$LAB_DIR/servers.json" \
	--server packet:net0 "${addresses[@]}" call >"$LAB_DIR/servers.out" 2>&1 &
servers=$!
wait_until 10 sipp_listens "$NS_S" "${SRV4[0]}" || fail "the servers did not start"
viaload_in "$NS_C" callers 0 --caller packet:net0 "${addresses[@]}" \
	--calls 20 --max-calls 1000 --warm-up 0 call
kill -INT "$servers"
status=0
wait "$servers" || status=$?
assert_eq "$status" 0 "exit status of the servers: $(tail -n 30 "$LAB_DIR/servers.out")"
calls=$(found callers result.counters.calls_started)
assert_ge "$calls" 1000 "calls begun"
assert_eq "$(found callers result.counters.calls_done)" "$calls" "calls that ended as they should"
assert_eq "$(found servers servers.calls)" "$calls" "calls at the servers"
assert_eq "$(found callers result.counters.sent)" "$(found servers result.counters.received)" \
	"requests sent, and received"
assert_eq "$(found servers result.counters.sent)" "$(found callers result.counters.received)" \
	"responses sent, and received"
viaduct_stop
