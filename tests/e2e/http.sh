#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What others watch, by HTTP: the pages and what they may be asked, the metrics as a Prometheus
# reads them, the verdict on the node, another address by reload, and DPDK's telemetry. Nothing
# changes anything.
#
#   sipp 10.1.0.1 ---- out0 viaduct (127.0.0.1:9460) in0 ---- 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"
need curl promtool sipp

AT=http://127.0.0.1:9460

# get PATH [ARGUMENT...]: the body; fails unless the status is 200.
get() {
	local path=$1
	shift
	in_proxy curl -sS --fail -m 10 "$@" "$AT$path"
}

# status_of PATH [ARGUMENT...]
status_of() {
	local path=$1
	shift
	in_proxy curl -sS -m 10 -o "$LAB_DIR/body" -w '%{http_code}' "$@" "$AT$path"
}

# metric NAME-WITH-LABELS: its value.
metric() {
	get /metrics | awk -v want="$1" '$1 == want { print $2 }'
}

lab_up
LAB_CONTROL='http: "127.0.0.1:9460"'
lab_config 4 <<<'workers: 2'
sed -i 's/^    backends:/    probe: {interval: 300ms, timeout: 200ms, rise: 1, fall: 2}\n&/' \
	"$LAB_DIR/viaduct.yaml"
sipp_servers 4 call_uas
viaduct_start

# 1. Pages, and what they may be asked.
for path in / /metrics /healthz '/healthz?verbose' /status.json /pools.json \
	/counters.json /history.json; do
	assert_eq "$(status_of "$path")" 200 "GET $path"
	assert_eq "$(status_of "$path" -I)" 200 "HEAD $path"
	for method in POST PUT DELETE PATCH OPTIONS BREW; do
		assert_eq "$(status_of "$path" -X $method -d x)" 405 "$method $path"
	done
done
for path in /x /metrics/ //metrics /../etc/passwd /%2e%2e/etc/passwd '/status.json/..'; do
	assert_eq "$(status_of "$path" --path-as-is)" 404 "GET $path"
done
get / -D "$LAB_DIR/head" >"$LAB_DIR/page.html"
grep -qi "^Content-Security-Policy: default-src 'none'; script-src 'sha256-" "$LAB_DIR/head" ||
	fail "no policy: $(cat "$LAB_DIR/head")"
! grep -qE '(src|href)="(https?:)?//|@import|url\(' "$LAB_DIR/page.html" ||
	fail "the page fetches something from elsewhere"
for name in status pools counters; do
	get /$name.json | "$PYTHON" -c 'import json, sys; json.load(sys.stdin)'
	assert_eq "$(get /$name.json | "$PYTHON" -c '
import json, sys
print(sorted(json.load(sys.stdin))[0])')" "$(ctl --json $name | "$PYTHON" -c '
import json, sys
print(sorted(json.load(sys.stdin))[0])')" "$name.json and viactl $name"
done

get /history.json | "$PYTHON" -c '
import json, sys
h = json.load(sys.stdin)
assert sorted(h) == ["busy", "dropped", "forwarded", "latency", "requests", "responses"], h
assert len({len(v) for v in h.values()}) == 1 and len(h["busy"]) <= 60, h'

# 2. Metrics: well formed, and true.
sipp_calls calls "$CALLER4" "$OUT4" call_uac 50 50 -d 50
assert_calls calls 50
sleep 0.5
get /metrics -D "$LAB_DIR/head" >"$LAB_DIR/metrics"
grep -qi '^Content-Type: text/plain; version=0.0.4' "$LAB_DIR/head" ||
	fail "type of the metrics: $(cat "$LAB_DIR/head")"
promtool check metrics <"$LAB_DIR/metrics" >"$LAB_DIR/promtool" 2>&1 ||
	fail "promtool: $(cat "$LAB_DIR/promtool")"
[ ! -s "$LAB_DIR/promtool" ] || fail "promtool: $(cat "$LAB_DIR/promtool")"
assert_eq "$(get /metrics --http1.0 | grep -c '^# TYPE')" \
	"$(grep -c '^# TYPE' "$LAB_DIR/metrics")" "families for HTTP/1.0"
"$PYTHON" - "$LAB_DIR/metrics" <<'PYTHON' || fail "metrics that are not true"
import collections, re, sys

values, series = {}, collections.Counter()
for line in open(sys.argv[1]):
    if line.startswith("#"):
        continue
    name, value = line.rsplit(" ", 1)
    series[name] += 1
    values[name] = float(value)

def total(family, **labels):
    found = [v for n, v in values.items() if re.match(family + r"(\{|$)", n)
             and all('%s="%s"' % kv in n for kv in labels.items())]
    assert found, (family, labels)
    return sum(found)

def equal(got, wanted, what):
    assert got == wanted, "%s: got %s, wanted %s" % (what, got, wanted)

equal([n for n, k in series.items() if k > 1], [], "series that are there twice")
equal(total("viaduct_requests_total", method="INVITE"), 50, "INVITE")
equal(total("viaduct_requests_total", method="BYE"), 50, "BYE")
equal(total("viaduct_requests_total"), total("viaduct_rx_requests_total"), "requests")
equal(total("viaduct_responses_total"), total("viaduct_rx_responses_total"), "responses")
assert total("viaduct_responses_total", **{"class": "2xx"}) >= 100
buckets = [(float("inf") if "Inf" in n else float(n.split('"')[1]), v)
           for n, v in values.items() if n.startswith("viaduct_latency_seconds_bucket")]
equal([v for _, v in sorted(buckets)], sorted(v for _, v in buckets), "buckets that rise")
equal(max(buckets)[1], values["viaduct_latency_seconds_count"], "the last bucket")
assert values["viaduct_latency_seconds_count"] > 0
assert 0 < values["viaduct_latency_seconds_sum"] < 60
for worker in "0", "1":
    busy = total("viaduct_worker_busy_seconds_total", worker=worker)
    assert 0 <= busy <= total("viaduct_worker_seconds_total", worker=worker)
equal(total("viaduct_backend_state", state="up"), 3, "backends up")
assert abs(total("viaduct_backend_share_ratio") - 1) < 1e-9
equal(total("viaduct_pool_live_backends", pool="core"), 3, "live backends")
assert total("viaduct_probes_sent_total") > 0
equal(total("viaduct_ready"), 1, "ready")
assert 3 < values["process_open_fds"] < 1000
PYTHON

# 3. Every metric that the dashboard and the rules name is there.
"$PYTHON" "$TOP/docs/monitoring/names.py" "$LAB_DIR/metrics"

# 4. The verdict on the node.
assert_eq "$(get /healthz)" ok "verdict on a good node"
ctl drain on >/dev/null
assert_eq "$(status_of /healthz) $(cat "$LAB_DIR/body")" "503 draining" "verdict while it drains"
ctl drain off >/dev/null
for n in 1 2 3; do
	assert_eq "$(status_of /healthz)" 200 "verdict with $((4 - n)) backends"
	ctl backend set core core-$n state=down >/dev/null
done
assert_eq "$(status_of /healthz) $(cat "$LAB_DIR/body")" "503 no pool has a live backend" \
	"verdict without a backend"
assert_eq "$(status_of '/healthz?verbose')" 503 "verdict, at length"
grep -q '^- pool core: 0 of 3 backends live$' "$LAB_DIR/body" || fail "$(cat "$LAB_DIR/body")"
alarm() { [ "$(metric 'viaduct_alarm{name="pool"}')" = "$1" ]; }
wait_until 20 alarm 1 || fail "no alarm about a pool without a backend"
get /status.json | grep -q 'pool core has no live backend' || fail "no alarm in the status"
ctl backend set core core-2 state=file >/dev/null
assert_eq "$(status_of /healthz)" 200 "verdict once one is back"
wait_until 20 alarm 0 || fail "the alarm stays"
assert_in_log 'alarm pool is over' "$LAB_DIR/viaduct.log"

# 5. A reload opens the new address before it gives up the old one; one that is taken is refused.
in_proxy "$PYTHON" -c '
import socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 9462))
s.listen()
time.sleep(60)' &
other=$!
wait_until 20 in_proxy sh -c 'ss -Hltn | grep -q :9462' || fail "no other program"
sed -i 's/127.0.0.1:9460/127.0.0.1:9462/' "$LAB_DIR/viaduct.yaml"
! ctl reload >"$LAB_DIR/reload" 2>&1 || fail "a reload to a port that is taken"
grep -q 'http: 127.0.0.1:9462: Address already in use' "$LAB_DIR/reload" ||
	fail "why the reload failed: $(cat "$LAB_DIR/reload")"
assert_eq "$(status_of /healthz)" 200 "the old address after a refused reload"
assert_eq "$(metric 'viaduct_alarm{name="reload"}')" 1 "alarm about a refused reload"
kill $other
wait $other 2>/dev/null || true
sed -i 's/127.0.0.1:9462/[::1]:9461/' "$LAB_DIR/viaduct.yaml"
ctl reload >/dev/null
! get /healthz >/dev/null 2>&1 || fail "the old address after a reload"
AT='http://[::1]:9461'
assert_eq "$(get /healthz)" ok "the new address"
assert_eq "$(metric 'viaduct_alarm{name="reload"}')" 0 "alarm after a good reload"

# 6. DPDK's own telemetry has the same numbers.
"$PYTHON" - "$VIADUCT_PID" "$(metric viaduct_window_epoch)" <<'PYTHON' || fail "telemetry"
import json, socket, sys, time

time.sleep(1.2)
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("/var/run/dpdk/viaduct-%s/dpdk_telemetry.v2" % sys.argv[1])
s.recv(16384)

def ask(path):
    s.send(path.encode())
    return json.loads(s.recv(65536))[path]

status, counters, pools = (ask("/viaduct/" + x) for x in ("status", "counters", "pools"))
assert status["node"] == "lab" and status["ready"] == 1, status
assert status["epoch"] == int(sys.argv[2]), status
assert counters["rx_requests"] >= 150, counters
assert pools == {"core": {"live": 1, "backends": 3}}, pools
PYTHON
pid=$VIADUCT_PID
viaduct_stop
[ ! -e "/var/run/dpdk/viaduct-$pid" ] || fail "the folder of the telemetry socket stays"
