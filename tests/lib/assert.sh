# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# How a test script ends and what it may claim: exit 0 = passed, 77 = could not be tried here,
# anything else = failed.

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

skip() {
	echo "SKIP: $*"
	exit 77
}

# need TOOL...: the script cannot run without these programs.
need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is not installed (./run deps)"
	done
}

# assert_eq GOT WANTED WHAT
assert_eq() {
	[ "$1" = "$2" ] || fail "$3: got '$1', wanted '$2'"
}

# assert_ge GOT LEAST WHAT
assert_ge() {
	[ "$1" -ge "$2" ] || fail "$3: got $1, wanted at least $2"
}

# assert_in_log PATTERN FILE
assert_in_log() {
	grep -Eq -- "$1" "$2" || fail "no line like '$1' in ${2##*/}: $(tail -n 5 "$2")"
}

# wait_until SECONDS COMMAND...: polls every 20 ms; the status says whether the command came true
# in time.
wait_until() {
	local polls=$(($1 * 50))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$((polls -= 1))" -gt 0 ] || return 1
		sleep 0.02
	done
}
