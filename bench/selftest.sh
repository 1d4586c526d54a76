#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Proves that the bench says so when something is wrong: the gate on growth, on another compiler and
# on nothing to compare; a part on a broken file and on a check that does not hold; the page on
# parts without a result. Exit status 1 with what it did not notice.

set -u
export LC_ALL=C
cd "$(dirname "$(readlink -f "$0")")" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n_bad=0

# expect STATUS WHAT COMMAND...
expect() {
	local want=$1 what=$2 got
	shift 2
	"$@" >"$tmp/out" 2>&1
	got=$?
	[ $got -eq "$want" ] && return
	echo "$what: exit status $got, not $want"
	sed 's/^/    /' "$tmp/out"
	n_bad=$((n_bad + 1))
}

# result FILE COMPILER INSTRUCTIONS
result() {
	cat >"$tmp/$1" <<-END
		{"settings": {"compiler": "$2", "build": "release"},
		 "rows": [{"name": "instructions.all", "unit": "instructions", "value": $3}]}
	END
}

result stored 12.2.0 1000
result slightly 12.2.0 1029
result more 12.2.0 1031
result foreign 13.1.0 5000
echo '{"settings": {"compiler": "12.2.0", "build": "release"}}' >"$tmp/nothing"
expect 0 "the same count" ./compare.py --gate "$tmp/stored" "$tmp/stored"
expect 0 "2.9 per cent more" ./compare.py --gate "$tmp/stored" "$tmp/slightly"
expect 1 "3.1 per cent more" ./compare.py --gate "$tmp/stored" "$tmp/more"
expect 77 "another compiler" ./compare.py --gate "$tmp/stored" "$tmp/foreign"
expect 1 "no counts" ./compare.py --gate "$tmp/stored" "$tmp/nothing"

# shellcheck disable=SC2317 # called by expect
collect() { ./collect.py --part wire --out "$tmp/wire.json" "$@"; }
expect 0 "a result" collect "$tmp/stored"
expect 1 "one name twice" collect "$tmp/stored" "$tmp/more"
echo '{"rows": {"a": 1}}' >"$tmp/broken"
expect 1 "rows that are no list" collect "$tmp/broken"
expect 1 "no file" collect "$tmp/absent"
echo '{"checks": [{"label": "lost", "value": 3, "want": 0, "ok": false}]}' >"$tmp/lost"
expect 1 "a check that does not hold" collect "$tmp/lost"

mkdir "$tmp/results"
expect 1 "goals without results" ./goals.py "$tmp/results"
expect 0 "a page without results" ./page.py --results "$tmp/results" --out "$tmp/page"
n=$(grep -c '^\*not measured: ' "$tmp/page/performance.md")
[ "$n" -eq 6 ] || { echo "the page misses $n parts, not 6"; n_bad=1; }
expect 1 "a page of other results" ./page.py --check --results "$tmp/results"

exit $((n_bad > 0))
