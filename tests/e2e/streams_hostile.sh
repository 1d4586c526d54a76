#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Slow senders, half messages, garbage, gigabytes, readers that do not read, resets, stalled TLS
# handshakes, tiny segments and too many connections from one source, all at once, while UDP calls
# run: no call notices, callers by TCP are answered, viactl answers, memory stays bounded, and the
# counters tell what was refused.
#
#   SIPp callers 10.1.0.1, bad ones 10.1.0.61 to .69 ---- out0 viaduct in0 ---- 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tls.sh"
need sipp

lab_up
for n in 61 62 63 64 65 66 67 68 69; do
	lab_address "$NS_C" net0 10.1.0.$n/24
done
ulimit -Sn "$(ulimit -Hn)"
tls_ca ca
tls_cert ca proxy URI:sip:example.com
lab_config <<YAML
streams: {message_time: 2s, connect_timeout: 3s, max_per_source: 200, memory_mb: 16}
answer_limit: 100000
tls: {ca: $LAB_DIR/ca.pem}
listeners:
  - {name: ext, address: "10.1.0.10:5060"}
  - {name: int, address: "10.2.0.10:5060"}
$(tls_listener tls 10.1.0.10:5061)
YAML
memory_exact
viaduct_start
sipp_servers 4 call_uas
sipp_calls_begin caller "$CALLER4" "$OUT4" call_uac 50
PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$TOP/tests/e2e/streams_hostile.py" "$VIADUCT_PID" "$VIACTL" ||
	exit 1
sipp_calls_end caller 500

assert_ge "$(lab_counter stream_slow)" 200 "connections closed for slowness"
assert_ge "$(lab_counter stream_broken)" 150 "connections closed for what they said"
assert_ge "$(lab_counter stream_stuck)" 20 "connections closed that did not read"
assert_ge "$(lab_counter stream_paused)" 20 "times that one was not read"
assert_ge "$(lab_counter stream_no_tls)" 100 "handshakes that failed"
assert_ge "$(lab_counter stream_source_full)" 100 "connections beyond the bound of a source"
no_connection_left() { [ "$(ctl --json connections | grep -c '"direction": "in"')" = 0 ]; }
wait_until 30 no_connection_left || fail "connections are left: $(ctl connections)"
lab_balance
sipp_servers_stop
viaduct_stop
