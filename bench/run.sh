#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# run.sh [--json FILE | --compare | --baseline]: the micro-benchmarks of build/, made by ./run bench
#
#   (nothing)      tables for people
#   --json FILE    times and instruction counts, with the machine they are from
#   --compare      the same beside the stored result; exit status 1 if instructions grew by more
#                  than 3 per cent
#   --baseline     stores them as bench/baseline/core.json

set -u
export LC_ALL=C
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
build=${VIADUCT_BUILD:-build}
core=$build/bench/micro_core
stored=bench/baseline/core.json

die() {
	echo "bench: $*" >&2
	exit 1
}

# One line for each count: everything, its parts, each kind of message.
counts() {
	local work kind
	for work in lines parse decide all; do
		printf '  "instructions_%s": %s,\n' $work "$(bench/count.sh "$1" $work)"
	done
	kind=0
	for work in INVITE re-INVITE REGISTER OPTIONS 100 180 200+SDP 200 ACK BYE CANCEL NOTIFY; do
		printf '  "instructions_all_%s": %s,\n' $work "$(bench/count.sh "$1" all $kind)"
		kind=$((kind + 1))
	done
}

facts() {
	printf '  "machine": "%s",\n' \
		"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
	printf '  "cores": %s,\n' "$(nproc)"
	printf '  "commit": "%s",\n' "$(git rev-parse --short HEAD 2>/dev/null || echo none)"
	printf '  "load": "%s",\n' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
	printf '  "command": "./run bench --json FILE",\n'
}

# The result of micro_core --json with what the shell knows put in behind its first line.
result() {
	local times
	times=$(mktemp)
	"$core" --json >"$times" || die "micro_core failed"
	head -n 1 "$times"
	facts
	counts "$core"
	tail -n +2 "$times"
	rm -f "$times"
}

[ -x "$core" ] || die "no $core: call this as ./run bench"
case ${1:-} in
'')
	"$core"
	echo
	echo "instructions for one message (AVX2 scanner, callgrind): $(bench/count.sh "$core")"
	echo
	"$build/bench/micro_maglev"
	;;
--json)
	result >"${2:?--json needs a file}"
	;;
--compare)
	new=$(mktemp)
	trap 'rm -f "$new"' EXIT
	result >"$new"
	bench/compare.py $stored "$new"
	;;
--baseline)
	mkdir -p "$(dirname $stored)"
	result >$stored.new && mv $stored.new $stored
	echo "stored $stored"
	;;
*)
	sed -n '4,10s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
