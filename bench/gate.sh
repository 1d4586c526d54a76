#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# gate.sh MICRO_CORE BASELINE.json: fails if a message costs more than 3 per cent more instructions
# than the stored figure. Instructions, not time: they are the same on a busy machine. The figure
# holds for one compiler and one kind of build; with others the gate says so and is skipped (exit
# status 77). `./run bench --baseline` stores a new figure.

set -u
program=$(readlink -f "$1")
baseline=$(readlink -f "$2")
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
limit=3

# field FILE NAME: the first value of that name.
field() {
	sed -n "s/.*\"$2\": *\"\{0,1\}\([^\",}]*\).*/\1/p" "$1" | head -n 1
}

facts=$(mktemp)
trap 'rm -f "$facts"' EXIT
"$program" --json --repetitions 0 >"$facts" || exit 1

for name in build compiler; do
	if [ "$(field "$facts" $name)" != "$(field "$baseline" $name)" ]; then
		echo "skipped: $name is $(field "$facts" $name)," \
			"the figure is for $(field "$baseline" $name)"
		exit 77
	fi
done

want=$(field "$baseline" instructions_all)
got=$(bench/count.sh "$program") || exit $?
awk -v got="$got" -v want="$want" -v limit=$limit 'BEGIN {
	more = 100 * (got - want) / want
	printf "instructions per message: %.0f, stored %.0f (%+.1f %%, limit +%d %%)\n",
		got, want, more, limit
	exit more > limit
}'
