#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# How the daemon starts and stops: one line with "ready", sd_notify, exit 0 on SIGTERM and SIGINT,
# 1 when it cannot run, and a start after a SIGKILL as good as any.
#
#   viaduct with in0, nobody else
. "$(dirname "$0")/../lib/e2e.sh"

lab_up one
lab_config </dev/null
viaduct_start
viaduct_stop TERM
viaduct_start
viaduct_stop INT
viaduct_start
viaduct_kill
viaduct_start
viaduct_stop
assert_eq "$(grep -c ready "$LAB_DIR/viaduct.log")" 4 "lines with ready after four starts"

# What it tells systemd, in order.
"$PYTHON" -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(10)
while True:
    text = s.recv(4096).decode()
    print(text, flush=True)
    if "STOPPING=1" in text:
        break
' "$LAB_DIR/notify" >"$LAB_DIR/notified" &
listener=$!
wait_until 20 test -S "$LAB_DIR/notify" || fail "no notification socket"
export NOTIFY_SOCKET=$LAB_DIR/notify
viaduct_start
wait_until 20 grep -q READY=1 "$LAB_DIR/notified" || fail "systemd was not told READY=1"
kill -HUP "$VIADUCT_PID"
wait_until 20 grep -q RELOADING=1 "$LAB_DIR/notified" || fail "systemd was not told RELOADING=1"
viaduct_stop
wait $listener || fail "systemd was not told STOPPING=1"
unset NOTIFY_SOCKET

# It cannot run: no such interface.
sed 's/packet:in0/packet:none0/' "$LAB_DIR/viaduct.yaml" >"$LAB_DIR/none.yaml"
status=0
in_proxy timeout 10 "$VIADUCT" --config "$LAB_DIR/none.yaml" 2>"$LAB_DIR/none.log" || status=$?
assert_eq "$status" 1 "exit status without its interface"
assert_in_log none0 "$LAB_DIR/none.log"
