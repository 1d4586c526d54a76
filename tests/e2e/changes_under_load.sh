#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A pool that changes a hundred times while calls run through it: servers drained, added, removed,
# weighted, taken down and brought back, files reloaded. viaload checks each message: nothing is
# lost, and every CANCEL, ACK and retransmission reaches the server that has its transaction.
#
#   viaload 10.1.0.1 == memif == 10.1.0.10 viaduct 10.2.0.10 == memif == 10.2.0.11 to .16 viaload
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/_viaload.sh"

CHANGES=${CHANGES:-100} SEED=${SEED:-1} CALLS=${CALLS:-200}
SRV4=(10.2.0.11 10.2.0.12 10.2.0.13 10.2.0.14 10.2.0.15 10.2.0.16)

viaload_lab
viaload_config_memif
# The sixth is only ever added by hand.
sed -i -e '/name: core-6/d' -e "\$a control: {socket: $LAB_DIR/control.sock}" \
	"$LAB_DIR/viaduct.yaml"
cp "$LAB_DIR/viaduct.yaml" "$LAB_DIR/five.yaml"
sed -e '/name: core-5/d' -e '/name: core-4/s/}/, weight: 3}/' "$LAB_DIR/five.yaml" \
	>"$LAB_DIR/four.yaml"
sed 's/^pools:/pols:/' "$LAB_DIR/five.yaml" >"$LAB_DIR/bad.yaml"
read -ra sides <<<"$(viaload_sides_memif)"
sides=("${sides[@]/%10.2.0.13/10.2.0.16}")
viaduct_start

# Runs until it is told to stop: the changes take as long as they take.
ip netns exec "$NS_S" "$VIALOAD" --no-huge --domain example.com --timeout 10000 "${sides[@]}" \
	--json "$LAB_DIR/load.json" --calls "$CALLS" --warm-up 0 --time 3600 \
	--cancel 20 --busy 20 --reinvite 10 --repeat 20 call >"$LAB_DIR/load.out" 2>&1 &
load=$!
wait_until 10 test -S "$LAB_DIR/control.sock"
sleep 1

check_python "$LAB_DIR" "$VIACTL" "$CHANGES" "$SEED" <<'PYTHON'
import json
import os
import random
import shutil
import subprocess
import sys

place, viactl, changes, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
pick = random.Random(seed)


def ctl(*words, ok=True):
    run = subprocess.run(
        [viactl, "--socket", place + "/control.sock", "--json", *words],
        capture_output=True, text=True, timeout=20, check=False,
    )
    if (run.returncode == 0) != ok:
        sys.exit("viactl %s: status %d: %s" % (" ".join(words), run.returncode, run.stderr))
    return json.loads(run.stdout) if ok else None


def members():
    shown = ctl("pool", "show", "core")["pool"]["members"]
    return {b["name"]: b for b in shown if not b["removed"]}


def put_file(name):
    shutil.copy("%s/%s.yaml" % (place, name), place + "/viaduct.yaml.new")
    os.rename(place + "/viaduct.yaml.new", place + "/viaduct.yaml")


def change():
    now = members()
    up = [n for n, b in now.items() if b["state"] == "up"]
    rest = [n for n, b in now.items() if b["state"] == "drain"]
    what = pick.choice(["drain", "drain", "up", "weight", "weight", "add", "remove", "reload"])
    if what == "drain" and len(up) > 2:
        ctl("backend", "set", "core", pick.choice(up), "state=drain")
    elif what == "up" and rest:
        ctl("backend", "set", "core", pick.choice(rest), "state=up")
    elif what == "weight":
        ctl("backend", "set", "core", pick.choice(list(now)), "weight=%d" % pick.randint(1, 5))
    elif what == "add" and "core-6" not in now:
        ctl("backend", "add", "core", "core-6", "10.2.0.16:5060", "weight=2")
    elif what == "remove" and "core-6" in now and len(up) > 2:
        ctl("backend", "remove", "core", "core-6")
    elif what == "reload":
        name = pick.choice(["four", "five", "bad"])
        put_file(name)
        ctl("reload", ok=name != "bad")
    else:
        return False
    return True


done = 0
while done < changes:
    done += change()
used = ctl("status")["config"]
print("changes %d, epoch %d, past worlds %d" % (done, used["epoch"], used["window"]["past"]))
if used["epoch"] < changes / 3:
    sys.exit("hardly anything changed")
PYTHON

sleep 0.5
kill -INT $load
wait $load || fail "viaload: exit status $?: $(tail -n 40 "$LAB_DIR/load.out")"
assert_ge "$(found load result.counters.calls_done)" 1000 "calls that ended as they should"
assert_eq "$(found load verdict.wrong)" 0 "wrong ones"
assert_eq "$(found load result.counters.lost)" 0 "lost messages"
assert_eq "$(found load result.counters.misrouted)" 0 "misrouted messages"
viaduct_stop
