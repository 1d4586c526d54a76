#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Which calls move when the pool changes: none when the file is only written differently or the
# node restarts; those of a server that goes down, and no others; a draining server gets nothing
# new and all that is inside its calls.
#
#   caller 10.1.0.1 ---- out0 viaduct in0 ---- servers 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"

lab_up
lab_config </dev/null
cp "$LAB_DIR/viaduct.yaml" "$LAB_DIR/plain.yaml"
sed -n '/core-[23]/p' "$LAB_DIR/plain.yaml" >"$LAB_DIR/others"
sed -e '/core-[23]/d' -e "/backends:/r $LAB_DIR/others" "$LAB_DIR/plain.yaml" >"$LAB_DIR/order.yaml"
sed 's/\(core-2.*\)}/\1, state: down}/' "$LAB_DIR/plain.yaml" >"$LAB_DIR/down.yaml"
sed 's/\(core-2.*\)}/\1, state: drain}/' "$LAB_DIR/plain.yaml" >"$LAB_DIR/drain.yaml"

# place NAME: notes the server of each of 200 Call-IDs in $LAB_DIR/NAME.
place() {
	check_python "$LAB_DIR/$1" <<'PYTHON'
import sys

from siplab import *

lab = Lab()
with open(sys.argv[1], "w", encoding="ascii") as out:
    for n in range(200):
        at, got = lab.forwarded(request("MESSAGE", call="call-%d@lab" % n))
        print(n, at + 1, file=out)
at, got = lab.forwarded(request(call="call-0@lab"))
route = "Route: " + ", ".join(got.members("record-route")[::-1])
inside = request("BYE", "sip:bob@10.2.0.12:5060", to_tag="s1", call="call-0@lab", extra=[route])
equal(lab.forwarded(inside, "BYE to core-2")[0], 1, "server of the BYE")
PYTHON
}

# reload FILE: puts it in force.
reload() {
	local before
	before=$(grep -c 'reload' "$LAB_DIR/viaduct.log" || true)
	cp "$LAB_DIR/$1.yaml" "$LAB_DIR/viaduct.yaml"
	kill -HUP "$VIADUCT_PID"
	wait_until 20 more_reloads "$before" || fail "no word of a reload in the log"
	sleep 0.1
}
more_reloads() { [ "$(grep -c 'reload' "$LAB_DIR/viaduct.log")" -gt "$1" ]; }

viaduct_start
place first
viaduct_stop
viaduct_start
place restarted
reload order
place ordered
reload down
place without
reload drain
place draining
reload plain
place again
viaduct_stop

cd "$LAB_DIR"
for same in restarted ordered again; do
	cmp -s first $same || fail "servers changed: $(diff first $same | head -n 5)"
done
for pool in without draining; do
	awk '$2 == 2 { bad = 1 } END { exit bad }' $pool || fail "core-2 got calls when $pool"
	moved=$(awk 'NR == FNR { was[$1] = $2; next } was[$1] != 2 && was[$1] != $2' first $pool |
		wc -l)
	# 1 % of Maglev's slots may move between servers that stay.
	[ "$moved" -le 4 ] || fail "$moved of 200 calls moved without need when $pool"
done
