#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The control socket as a file: mode and group, a stale one replaced, a live one left alone, one
# that cannot be made; who may not open it is told so.
#
#   viaduct with in0, nobody else
. "$(dirname "$0")/../lib/e2e.sh"

lab_up one
chmod 755 "$LAB_DIR"
socket=$LAB_DIR/control.sock

# mode_of: mode, owner and group of the socket.
mode_of() { stat -c '%a %U:%G' "$socket"; }

lab_config </dev/null
viaduct_start
assert_eq "$(mode_of)" '660 root:root' "the socket by default"
status=0
setpriv --reuid=nobody --regid=nogroup --clear-groups "$VIACTL" --socket "$socket" status \
	2>"$LAB_DIR/err" || status=$?
assert_eq "$status" 3 "exit status of viactl without the right"
assert_in_log 'Permission denied' "$LAB_DIR/err"
viaduct_stop
[ ! -e "$socket" ] || fail "the socket is still there"

LAB_CONTROL='mode: 0666, group: nogroup'
lab_config </dev/null
viaduct_start
assert_eq "$(mode_of)" '666 root:nogroup' "the socket as configured"
setpriv --reuid=nobody --regid=nogroup --clear-groups "$VIACTL" --socket "$socket" log level info \
	>/dev/null || fail "nobody may not use a socket of mode 0666"
assert_in_log 'uid 65534, pid [0-9]+: log.level' "$LAB_DIR/viaduct.log"

# A second one finds it taken, and does not take it away.
status=0
in_proxy timeout 20 "$VIADUCT" --config "$LAB_DIR/viaduct.yaml" 2>"$LAB_DIR/second.log" ||
	status=$?
assert_eq "$status" 1 "exit status of a second daemon on the same socket"
ctl status >/dev/null || fail "the first one lost its socket"

# What a killed one leaves behind is replaced.
viaduct_kill
[ -S "$socket" ] || fail "nothing was left behind"
viaduct_start
ctl status >/dev/null || fail "no answer after a kill and a restart"
viaduct_stop

# refuses_start PATTERN: with the present configuration it does not start, and says why.
refuses_start() {
	local status=0
	in_proxy timeout 20 "$VIADUCT" --config "$LAB_DIR/viaduct.yaml" 2>"$LAB_DIR/no.log" ||
		status=$?
	assert_eq "$status" 1 "exit status with a socket that cannot be made"
	assert_in_log "$1" "$LAB_DIR/no.log"
}

LAB_CONTROL='group: no-such-group'
lab_config </dev/null
refuses_start 'control socket: group: there is no group "no-such-group"'
LAB_CONTROL=
lab_config </dev/null
echo text >"$socket"
refuses_start 'control socket: .*control.sock: is there already and is no socket'
assert_eq "$(cat "$socket")" text "the file in the way"
rm "$socket"
sed -i "s|$socket|$LAB_DIR/no/such/folder/control.sock|" "$LAB_DIR/viaduct.yaml"
refuses_start 'control socket: .*no/such/folder: cannot be made'

status=0
sed "s|^control:.*|control: {mode: \"0999\"}|" "$LAB_DIR/viaduct.yaml" >"$LAB_DIR/mode.yaml"
"$VIADUCT" --check --config "$LAB_DIR/mode.yaml" 2>"$LAB_DIR/check.log" || status=$?
assert_eq "$status" 2 "exit status of a check of mode 0999"
assert_in_log 'mode: expected a file mode such as 0660' "$LAB_DIR/check.log"
