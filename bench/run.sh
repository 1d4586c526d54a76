#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# run.sh [--out FOLDER] [PART...]   measures the parts, all of them if none is named:
#                     core    the pure core, one message, beside reference work
#                     wire    the whole proxy on one core, over memif and in one process
#                     peers   beside Kamailio and a bare kernel forwarder, on one veth
#                     scale   cost against backends, routes, Vias, sizes, flows; tables
#                     reload  messages while the configuration is swapped
#                     streams TCP on the control thread beside a worker at full rate
# run.sh --page       makes page and plots anew from the stored results
# run.sh --compare    the stored results beside bench/baseline; exit status 1 if instructions grew
# run.sh --baseline   takes the stored results as the new baseline
#
# Results go to bench/results/PART.json, the page is docs/performance.md with its plots, and the
# table of the README. With --out all of it goes to that folder and the tree stays as it is. A part
# that fails says why, is "not measured" on the page, and makes the exit status 1.

set -u
export LC_ALL=C
shopt -s nullglob
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
build=${VIADUCT_BUILD:-build}
parts='core wire peers scale reload streams'
results=bench/results
page=(bench/page.py)
bad=0
child=

usage() {
	sed -n '4,14s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

# Seconds after which a part has hung. In all less than the 20 minutes that a bench may take.
limit_of() {
	case $1 in
	wire | peers) echo 420 ;;
	*) echo 115 ;;
	esac
}

# Called by run_part, so that timeout ends all of a part: leaves what was measured in the folder $3.
if [ "${1:-}" = --part ]; then
	status=0
	case $2 in
	core)
		"$build/bench/micro_core" --json="$3/1-times.json" || status=$?
		bench/count.sh "$build/bench/micro_core" --json "$3/2-counts.json" || status=$?
		;;
	wire)
		bench/wire.sh --json "$3/1-wire.json" || status=$?
		"$build/bench/plane/plane_bench" --json "$3/2-plane.json" || status=$?
		;;
	scale)
		"$build/bench/scale" --json="$3/1-scale.json" || status=$?
		bench/workers.py --json "$3/2-workers.json" || status=$?
		;;
	*) "bench/$2.sh" --json "$3/$2.json" || status=$? ;;
	esac
	exit $status
fi

# run_part NAME: measures it and stores the result, or the reason why there is none.
run_part() {
	local name=$1 tmp start=$SECONDS load status=0 why failed=()
	tmp=$(mktemp -d) || exit 1
	load=$(cut -d ' ' -f 1-3 /proc/loadavg)
	printf '\n=== %s\n' "$name"
	timeout -k 20 "$(limit_of "$name")" "$0" --part "$name" "$tmp" \
		2> >(tee "$tmp/stderr" >&2) &
	child=$!
	wait $child
	status=$?
	child=
	case $status in
	0) ;;
	124 | 137) failed=(--failed "not done after $(limit_of "$name") seconds") ;;
	*)
		why=$(grep -v '^EAL: ' "$tmp/stderr" | tail -n 1 | cut -c 1-200)
		failed=(--failed "$why (exit status $status)")
		;;
	esac
	bench/collect.py --part "$name" --out "$results/$name.json" \
		--command "./run bench $name" --seconds $((SECONDS - start)) --load "$load" \
		"${failed[@]}" "$tmp"/*.json || bad=1
	[ $status -eq 0 ] || { echo "bench: $name FAILED: ${failed[1]}" >&2; bad=1; }
	echo "=== $name: $((SECONDS - start)) s"
	rm -rf "$tmp"
}

# --- hugepages: as many as two DPDK programs need, for the time of the run -----------------------

pages=/sys/kernel/mm/hugepages/hugepages-2048kB
pages_wanted=1024
pages_before=
pages_mounted=

take_pages() {
	local free total memory
	[ "$(id -u)" = 0 ] || return 0
	[ -d $pages ] || return 0
	free=$(cat $pages/free_hugepages)
	total=$(cat $pages/nr_hugepages)
	memory=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
	if [ "$free" -lt $pages_wanted ] && [ "$memory" -gt $((4 * 2 * pages_wanted)) ]; then
		pages_before=$total
		echo $((total + pages_wanted - free)) >$pages/nr_hugepages
	fi
	grep -q ' hugetlbfs ' /proc/mounts && return 0
	mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages && pages_mounted=yes
}

# shellcheck disable=SC2317 # called by trap
end() {
	if [ -n "$child" ]; then
		kill -TERM "$child"
		wait "$child"
	fi
	[ -z "$pages_mounted" ] || umount /dev/hugepages
	[ -z "$pages_before" ] || echo "$pages_before" >"$pages/nr_hugepages"
}

compare() {
	local name
	for name in $parts; do
		[ -f "bench/baseline/$name.json" ] || continue
		[ -f "$results/$name.json" ] || continue
		printf '\n%s: stored, now\n' "$name"
		bench/compare.py "bench/baseline/$name.json" "$results/$name.json" || bad=1
	done
	return $bad
}

case ${1:-} in
--page) exec "${page[@]}" ;;
--compare) compare; exit ;;
--baseline)
	mkdir -p bench/baseline
	cp "$results"/*.json bench/baseline/ && echo "stored in bench/baseline"
	exit
	;;
--out)
	[ $# -ge 2 ] || usage
	results=$(realpath -m "$2")
	page+=(--results "$results" --out "$results")
	shift 2
	;;
esac

mkdir -p "$results" || exit 1
for name in "$@"; do
	[[ " $parts " == *" $name "* ]] || usage
done
idle=$(awk '{ print ($1 < 0.5) }' /proc/loadavg)
[ "$idle" = 1 ] || echo "bench: load average $(cut -d ' ' -f 1 /proc/loadavg): other work disturbs"
trap end EXIT
trap 'exit 130' INT TERM
take_pages
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $parts
for name in "$@"; do
	run_part "$name"
done
"${page[@]}" || bad=1
if [ -f bench/baseline/core.json ] && [ -f "$results/core.json" ]; then
	echo
	bench/compare.py --gate bench/baseline/core.json "$results/core.json"
	[ $? -eq 1 ] && bad=1
fi
printf '\n%s in %d s; results: %s\n\n' "$*" $SECONDS "$results"
bench/goals.py "$results" # for people: a slow machine is no failure of the bench
exit $bad
