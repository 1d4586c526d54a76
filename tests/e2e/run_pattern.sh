#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# ./run test PATTERN: a pattern that is in no name fails and says so, for nothing was tested; one
# that is in a name passes. What the tests say is not asked here.
. "$(dirname "$0")/../lib/e2e.sh"

# run_tests PATTERN: as ./run test does, with tests that always pass.
run_tests() {
	bash -c 'cd "$1" && . tests/lib/stages.sh
		build_stage() { counts="0 0 0"; }
		meson() { echo "unit / viaduct - test_parser"; }
		meson_stage() { counts="1 0 0"; }
		e2e_stage() { counts="1 0 0"; }
		test_all "$2"' _ "$TOP" "$1" 2>&1
}

out=$(run_tests no-such-test) && fail "a pattern that matches nothing passes: $out"
grep -q "no test has 'no-such-test' in its name" <<<"$out" || fail "it does not say why: $out"
out=$(run_tests _viaload) && fail "a part of other scripts is taken for a test: $out"
for pattern in parser run_pattern unit e2e; do
	out=$(run_tests $pattern) || fail "$pattern fails: $out"
	grep -q ', 0 failed' <<<"$out" || fail "$pattern: $out"
done
