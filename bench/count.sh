#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# count.sh MICRO_CORE [WORK [KIND]]: instructions for one message, by callgrind.
#
# Making the messages costs far more than handling them, so the figure is a difference: many rounds
# less one round, less the same for the work called "empty", which is the loop and the restoring of
# the messages. Callgrind knows no AVX-512: the AVX2 scanner is asked for by name. Exit status 77
# where that cannot run.

set -u
program=$1
work=${2:-all}
kind=${3:-12}
rounds=3
n_messages=4096

# Messages of one kind among 4,096 in turns of twelve.
[ "$kind" -lt 12 ] && n_messages=$((4096 / 12))

collected() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" --scanner avx2 \
		--count "$1" --work "$2" --kind "$kind" 2>&1 | awk '/Collected/ { print $4 }'
}

command -v valgrind >/dev/null || exit 77
"$program" --scanner avx2 --count 0 >/dev/null 2>&1 || exit 77

one=$(collected 1 "$work")
many=$(collected $((1 + rounds)) "$work")
one_empty=$(collected 1 empty)
many_empty=$(collected $((1 + rounds)) empty)
if [ -z "$one" ] || [ -z "$many" ] || [ -z "$one_empty" ] || [ -z "$many_empty" ]; then
	echo "callgrind gave no count for $program" >&2
	exit 1
fi
awk -v a=$((many - one)) -v b=$((many_empty - one_empty)) -v n=$((rounds * n_messages)) \
	'BEGIN { printf "%.1f\n", (a - b) / n }'
