#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# SIGHUP puts a new configuration in place while messages pass: not one is lost by the swap, calls
# go on, a new server gets its part, and a file with faults changes nothing.
#
#   Python caller 10.1.0.1, SIPp caller 10.1.0.2 ---- out0 viaduct in0 ---- 10.2.0.11 to .14 servers
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
lab_address "$NS_C" net0 10.1.0.2/24
lab_address "$NS_S" net0 10.2.0.14/24
lab_config </dev/null
cp "$LAB_DIR/viaduct.yaml" "$LAB_DIR/three.yaml"
sed 's/^routes:/      - {name: core-4, address: "10.2.0.14:5060", weight: 2}\n&/' \
	"$LAB_DIR/three.yaml" >"$LAB_DIR/four.yaml"
sed 's/^pools:/pols:/' "$LAB_DIR/three.yaml" >"$LAB_DIR/bad.yaml"

# Counts numbered requests, one in 0.5 ms, while configurations change every 0.4 s.
viaduct_start
check_python "$VIADUCT_PID" "$LAB_DIR" <<'PYTHON'
import os
import shutil
import signal
import sys
import time

from siplab import *

pid, place = int(sys.argv[1]), sys.argv[2]
SERVERS[4].append("10.2.0.14")
lab = Lab()
plan = ["four", "bad", "three", "four", "bad"]
sent, per_server, start = 0, [0] * 4, time.monotonic()
turn = start + 0.4
seen = set()


def take(wait):
    got = receive(lab.servers, wait)
    if got:
        per_server[got[0]] += 1
        seen.add(got[1][got[1].index(b"X-Number: ") + 10 :].split(b"\r", 1)[0])
    return got


while plan or time.monotonic() < turn:
    lab.send(request("MESSAGE", extra=["X-Number: %d" % sent]))
    sent += 1
    while take(0):
        pass
    if plan and time.monotonic() > turn:
        shutil.copy("%s/%s.yaml" % (place, plan.pop(0)), place + "/viaduct.yaml.new")
        os.rename(place + "/viaduct.yaml.new", place + "/viaduct.yaml")
        os.kill(pid, signal.SIGHUP)
        turn = time.monotonic() + 0.4
    time.sleep(max(0, start + sent * 0.0005 - time.monotonic()))
while take(0.5):
    pass
equal(len(seen), sent, "messages that arrived")
equal(sum(per_server), sent, "copies that arrived")
check(min(per_server) > 0, "messages by server: %s" % per_server)
lab.close()
PYTHON
wait_until 20 kill -0 "$VIADUCT_PID" || fail "viaduct did not survive its reloads"
assert_in_log 'viaduct\.yaml:[0-9]+:[0-9]+: ' "$LAB_DIR/viaduct.log"

# Calls that are up keep their servers, whatever the table says meanwhile.
sipp_servers 4 call_uas
sipp_server s4 10.2.0.14 call_uas
sipp_calls caller 10.1.0.2 "$OUT4" call_uac 200 100 -d 800 &
calls=$!
for file in three four three; do
	sleep 0.6
	cp "$LAB_DIR/$file.yaml" "$LAB_DIR/viaduct.yaml"
	[ $file = four ] || kill -HUP "$VIADUCT_PID"
done
wait $calls || true
assert_calls caller 200
viaduct_stop
