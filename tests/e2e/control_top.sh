#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The live view in a terminal of 80 columns and 24 lines: it shows the pools, follows a change,
# survives a restart of the proxy and a change of its size, and q ends it.
#
#   viaduct with in0, nobody else
. "$(dirname "$0")/../lib/e2e.sh"
need tmux

lab_up one
lab_config </dev/null
viaduct_start

# The terminal lives in the namespace, so it ends with the lab.
terminal() { in_proxy tmux -S "$LAB_DIR/tmux" -f /dev/null "$@"; }
screen() { terminal capture-pane -p; }
on_screen() { screen | grep -Eq -- "$1"; }
# sees PATTERN WHAT
sees() { wait_until 10 on_screen "$1" || fail "$2: no '$1' on the screen: $(screen)"; }

terminal new-session -d -x 80 -y 24 \
	"env TERM=screen '$VIACTL' --socket '$LAB_DIR/control.sock' top
	echo ended with \$?; sleep 60"
sees 'viaduct lab +ready' "the node"
sees 'core-3 +up +33\.3 %' "a backend"
sees 'worker 0 +\[' "a worker"
sees '^q quit' "the keys"
assert_eq "$(screen | wc -l)" 24 "lines of the screen"
screen | awk 'length > 80 { exit 1 }' || fail "lines are longer than 80: $(screen)"

ctl backend set core core-2 state=drain >/dev/null
sees 'core-2 +drain +0 % .*operator' "a drain"

viaduct_stop
sees 'NO CONNECTION' "a proxy that is gone"
sees 'core-3 +up' "what was known last"
viaduct_start
sees 'core-2 +up +33\.3 %' "the restarted proxy"
if on_screen 'NO CONNECTION'; then fail "still without a connection: $(screen)"; fi

# Small: the pools scroll, the keys stay.
terminal resize-window -x 60 -y 9
sees '^q quit' "the keys after a change of size"
sees 'core +3 of 3 live' "the first line of the pools"
terminal send-keys Down Down
sees 'core-3 +up' "the last line of the pools"

terminal send-keys q
sees 'ended with 0' "exit status of the view"
terminal kill-server
viaduct_stop
