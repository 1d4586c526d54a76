#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A resolver that lies, loops, is slow, silent or gone hurts nobody else: while a trusted source
# asks for a thousand of its names, calls to configured backends lose nothing, and names that are
# all right are found.
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_address "$NS_C" net0 10.1.0.2/24
lab_address "$NS_S" net0 10.2.0.53/24
lab_config <<YAML
trusted: ["10.1.0.2"]
resolvers: [10.2.0.53]
dns: {timeout: 300ms, attempts: 2, wait: 1s, queries: 64, cache_entries: 200}
YAML
ip netns exec "$NS_S" "$PYTHON" "$TOP/tests/e2e/dns_hostile.py" 10.2.0.53 \
	>"$LAB_DIR/resolver.log" 2>&1 &
resolver=$!
resolver_listens() { in_ns "$NS_S" ss -Hltn | grep -Fq '10.2.0.53:53 '; }
wait_until 20 resolver_listens || fail "the resolver did not start: $(cat "$LAB_DIR/resolver.log")"
memory_exact
viaduct_start

sipp_servers 4 call_uas
sipp_calls_begin caller "$CALLER4" "$OUT4" call_uac 100
before=$(memory)
check_python <<'PYTHON'
from siplab import *
import time

other = udp(NS_C, "10.1.0.2", 5060)
proxy = (OUT[4], 5060)
KINDS = (
    "loop ring giant lie junk short refused cut slow silent gone good".split()
)


def ask(host):
    via = ["SIP/2.0/UDP 10.1.0.2:5060;branch=" + branch()]
    other.sendto(request("MESSAGE", "sip:x@%s:5099" % host, via=via), proxy)


def final(wait):
    got = receive([other], wait)
    return Sip(got[1]).status if got else None


# One by one: each ends with an answer, the hostile ones in a failure.
target = udp(NS_S, "10.2.0.11", 5099)
for kind in KINDS:
    ask("%s7.evil.test" % kind)
    if kind in ("good", "slow", "giant"):
        continue
    status = final(WAIT)
    equal(status, 500, "status for %s" % kind)
got = receive([target])
check(got is not None, "a good name was not found")

# A thousand at once.
for i in range(1000):
    ask("%s%d.evil%d.test" % (KINDS[i % len(KINDS)], i, i % 50))
    if i % 10 == 0:
        time.sleep(0.004)
end = time.monotonic() + 3
while time.monotonic() < end:
    final(0.1)
while receive([target], 0.05):
    pass
for _ in range(10):  # a few seconds later at the latest
    ask("good.lab.test")
    got = receive([target], 1)
    if got:
        break
check(got is not None, "a good name was not found after the flood")
PYTHON
kill $resolver
wait $resolver 2>/dev/null || true
check_python <<'PYTHON'
from siplab import *

other = udp(NS_C, "10.1.0.2", 5060)
for i in range(200):
    via = ["SIP/2.0/UDP 10.1.0.2:5060;branch=" + branch()]
    other.sendto(request("MESSAGE", "sip:x@new%d.test" % i, via=via), (OUT[4], 5060))
got = receive([other])
check(got is not None and Sip(got[1]).status in (500, 503), "no answer without a resolver")
PYTHON
sipp_calls_end caller 400
wait_until 30 memory_near "$before" || fail "memory grew from $before to $(memory) KiB"
# Only what waits for names may have been too much.
ctl counters drop >"$LAB_DIR/drops" 2>/dev/null || true
! grep -v -e drop_punt_full -e '^no counter' "$LAB_DIR/drops" || fail "messages were dropped"
dns_is_idle() {
	ctl --json dns >"$LAB_DIR/dns.json"
	grep -q '"waiting": 0' "$LAB_DIR/dns.json" && grep -q '"busy": 0' "$LAB_DIR/dns.json"
}
wait_until 30 dns_is_idle || fail "names are still waited for: $(ctl dns)"
"$PYTHON" - "$LAB_DIR/dns.json" <<'PYTHON' || exit 1
import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    r = json.load(f)
r = r.get("result", r)
c = r["counts"]
for name, ok in (
    ("entries", c["entries"] <= 200),
    ("questions", c["questions"] >= 1200),
    ("sum", c["found"] + c["not_found"] + c["failed"] + c["refused"] == c["questions"]),
):
    if not ok:
        sys.exit("FAIL: dns counts: %s: %s" % (name, c))
PYTHON
sipp_servers_stop
viaduct_stop
