# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What every script of tests/e2e begins with: . "$(dirname "$0")/../lib/e2e.sh"

set -euo pipefail
export LC_ALL=C

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PYTHON=${PYTHON:-/usr/bin/python3}

. "$TOP/tests/lib/assert.sh"
. "$TOP/tests/lib/lab.sh"
. "$TOP/tests/lib/daemon.sh"
. "$TOP/tests/lib/sipp.sh"

# check_python: a script on standard input, with siplab.py to import; it opens sockets in the
# namespaces by itself.
check_python() {
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$TOP/tests/e2e "$PYTHON" -u - "$@" || exit 1
}

# capture NS IF FILE [FILTER [ARGUMENT...]]: tcpdump in the background until capture_stop.
capture() {
	local ns=$1 dev=$2 file=$3 filter=${4:-udp}
	shift $(($# < 4 ? 3 : 4))
	need tcpdump
	ip netns exec "$ns" tcpdump -n -i "$dev" -s 0 -B 16384 -U --immediate-mode -Z root \
		-w "$file" "$@" "$filter" >"$file.log" 2>&1 &
	CAPTURE_PID=$!
	wait_until 20 grep -q 'listening on' "$file.log" ||
		fail "tcpdump did not start: $(cat "$file.log")"
}

capture_stop() {
	sleep 0.2
	kill -INT "$CAPTURE_PID"
	wait "$CAPTURE_PID" || true
}

# check_calls_kept CAPTURE CALLS: each call stayed at one server; see the script.
check_calls_kept() {
	PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$TOP/tests/e2e/calls_kept.py" "$@" || exit 1
}
