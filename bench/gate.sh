#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# gate.sh MICRO_CORE BASELINE.json: fails if a message costs more than 3 per cent more instructions
# than the stored figures, over the mix or of one kind. Instructions, not time: they are the same on
# a busy machine. The figures hold for one compiler and one kind of build; with others the gate says
# so and is skipped (exit status 77). `./run bench --baseline` stores new ones.

set -u
program=$(readlink -f "$1")
baseline=$(readlink -f "$2")
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
"$program" --repetitions 0 --json="$tmp/facts" >"$tmp/tables" || exit 1
bench/count.sh "$program" --json "$tmp/counts" || exit $?
bench/collect.py --part core --out "$tmp/core.json" "$tmp/facts" "$tmp/counts" || exit 1
bench/compare.py --gate "$baseline" "$tmp/core.json"
