#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# count.sh MICRO_CORE [WORK [KIND]]: instructions for one message, by callgrind.
# count.sh MICRO_CORE --json FILE: those of every piece of work and every kind of message, as rows
# of a bench result.
#
# Making the messages costs far more than handling them. Of one piece of work the figure is
# therefore a difference: many rounds less one round, less the same for the work called "empty",
# which is the loop and the restoring of the messages. For all of them at once, callgrind opens a
# new account at each call of count_section(). It knows no AVX-512: the AVX2 scanner is asked for by
# name. Exit status 77 where that cannot run.

set -u
export LC_ALL=C
program=$1
rounds=3
n_messages=4096

die() {
	echo "$*" >&2
	exit 1
}

callgrind() {
	valgrind --tool=callgrind "$@" 2>&1
}

# collected ROUNDS WORK KIND: instructions of a whole run.
collected() {
	callgrind --callgrind-out-file=/dev/null "$program" --scanner avx2 \
		--count "$1" --work "$2" --kind "$3" | awk '/Collected/ { print $4 }'
}

# one WORK KIND: instructions for one message.
one() {
	local a b c d count
	# Messages of one kind among 4,096 in turns of twelve.
	[ "$2" -lt 12 ] && n_messages=$((4096 / 12))
	a=$(collected 1 "$1" "$2")
	b=$(collected $((1 + rounds)) "$1" "$2")
	c=$(collected 1 empty "$2")
	d=$(collected $((1 + rounds)) empty "$2")
	for count in "$a" "$b" "$c" "$d"; do
		[ -n "$count" ] || die "callgrind gave no count for $program"
	done
	awk -v a=$((b - a)) -v b=$((d - c)) -v n=$((rounds * n_messages)) \
		'BEGIN { printf "%.1f\n", (a - b) / n }'
}

# all FILE: account 2 N is section N, those between are what prepares the next one.
all() {
	tmp=$(mktemp -d) || exit 1
	trap 'rm -rf "$tmp"' EXIT
	callgrind --callgrind-out-file="$tmp/out" --dump-before=count_section \
		"$program" --scanner avx2 --sections >"$tmp/log"
	grep '^[a-z].*|.*|' "$tmp/log" >"$tmp/sections"
	grep -H '^totals:' "$tmp"/out.* | sed 's/.*out\.\([0-9]*\):totals: /\1 /' | sort -n \
		>"$tmp/totals"
	[ "$(wc -l <"$tmp/totals")" -ge $((2 * $(wc -l <"$tmp/sections"))) ] ||
		die "callgrind gave too few counts for $program"
	[ -s "$tmp/sections" ] || die "callgrind gave no counts for $program"
	awk -F '[ |]' 'NR == FNR { total[$1] = $2; next } { print total[2 * FNR] "|" $0 }' \
		"$tmp/totals" FS='|' "$tmp/sections" |
		awk -F '|' '{
			if ($2 == "empty")
				empty = $1 / $5
			n[NR] = $1 / $5 - empty
			name[NR] = $2; label[NR] = $3; table[NR] = $4
		}
		END {
			print "{\n  \"settings\": {\"scanner_of_counts\": \"avx2\"},\n  \"rows\": ["
			for (i = 2; i <= NR; i++)
				printf "    {\"name\": \"instructions.%s\", \"label\": \"%s\", " \
					"\"table\": \"%s\", \"column\": \"instructions\", " \
					"\"unit\": \"instructions\", \"value\": %.1f}%s\n",
					name[i], label[i], table[i], n[i], i < NR ? "," : ""
			print "  ]\n}"
		}' >"$1"
}

command -v valgrind >/dev/null || { echo "valgrind is not installed" >&2; exit 77; }
"$program" --scanner avx2 --count 0 >/dev/null 2>&1 ||
	{ echo "this CPU has no AVX2, or $program does not run" >&2; exit 77; }
case ${2:-} in
--json) all "${3:?--json needs a file}" ;;
*) one "${2:-all}" "${3:-12}" ;;
esac
