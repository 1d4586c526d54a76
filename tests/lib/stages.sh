# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The stages of ./run test; sourced by it. Each adds to n_passed, n_failed and n_skipped, and
# prints one line with its own counts and time. A stage that cannot be built counts as one
# failure.

stages='lint unit flow corpus bench-gate e2e fuzz-replay threads'
n_passed=0 n_failed=0 n_skipped=0

# stage NAME COMMAND...: runs it; it prints what it likes and leaves "passed failed skipped" in
# $counts.
stage() {
	local name=$1 start=$SECONDS passed failed skipped
	shift
	counts='0 0 0'
	"$@"
	read -r passed failed skipped <<<"$counts"
	n_passed=$((n_passed + passed))
	n_failed=$((n_failed + failed))
	n_skipped=$((n_skipped + skipped))
	printf '%-24s %5d passed, %d failed, %d skipped  (%d s)\n' \
		"$name" "$passed" "$failed" "$skipped" $((SECONDS - start))
}

# The programs; test programs are built by the stage that runs them.
build_stage() {
	(build_release && configure_asan && configure_tsan) || counts='0 1 0'
}

lint_stage() {
	local log=build/lint.log
	mkdir -p build
	tests/lint/check.sh >$log 2>&1
	grep -v '^ok ' $log
	counts="$(grep -c '^ok ' $log) $(grep -c '^FAIL ' $log) $(grep -c '^skip ' $log)"
}

# meson_stage FOLDER LOG ARGUMENT...: builds and runs the tests that meson's arguments choose, each
# for four times as long as it says at most: that is to end what hangs, on any machine.
meson_stage() {
	local folder=$1 log=$2 json=$1/meson-logs/$2.json status passed failed skipped
	shift 2
	rm -f "$folder/meson-logs/$log".* "$folder"/meson-logs/sanitizer.*
	meson test -C "$folder" --logbase "$log" -t 4 "$@" >"$folder/$log.out" 2>&1
	status=$?
	if [ -f "$json" ]; then
		counts=$(awk -f tests/lib/count.awk "$json")
		awk -f tests/lib/failures.awk "$json"
	fi
	[ $status -eq 0 ] && return 0
	[ -f "$json" ] || cat "$folder/$log.out"
	cat "$folder"/meson-logs/sanitizer.* 2>/dev/null
	read -r passed failed skipped <<<"$counts"
	[ "$failed" -gt 0 ] || counts="$passed 1 $skipped"
}

# e2e_scripts PATTERN: those whose name contains it. What begins with _ is a part of others.
e2e_scripts() {
	local script name
	for script in tests/e2e/*.sh; do
		name=$(basename "$script" .sh)
		[[ $name == _* || $name != *"$1"* ]] || echo "$script"
	done
}

# One script after the other: they own network namespaces and want the machine for themselves.
# e2e_stage PATTERN
e2e_stage() {
	local script name log status passed=0 failed=0 skipped=0
	mkdir -p build/e2e
	for script in $(e2e_scripts "$1"); do
		name=$(basename "$script" .sh)
		log=build/e2e/$name.log
		timeout -k 10 "${E2E_TIMEOUT:-240}" "$script" >"$log" 2>&1 </dev/null
		status=$?
		case $status in
		0) passed=$((passed + 1)) ;;
		77) skipped=$((skipped + 1)); echo "skip $name: $(tail -n 1 "$log")" ;;
		*)
			failed=$((failed + 1))
			echo "FAIL $name (exit status $status), end of $log:"
			tail -n 60 "$log" | sed 's/^/    /'
			;;
		esac
	done
	counts="$passed $failed $skipped"
}

run_stage() {
	case $1 in
	lint) stage lint lint_stage ;;
	unit | flow)
		stage "$1" meson_stage build "$1" --suite "$1"
		stage "$1 (asan)" meson_stage build-asan "$1" --suite "$1"
		;;
	corpus)
		[ -d "${VIADUCT_CORPUS:-}" ] || return 0
		stage corpus meson_stage build-asan corpus --suite corpus
		;;
	fuzz-replay)
		stage 'fuzz-replay (asan)' meson_stage build-asan replay --suite fuzz-replay
		;;
	threads) stage 'threads (tsan)' meson_stage build-tsan threads --suite threads ;;
	bench-gate)
		stage bench-gate meson_stage build bench-gate --suite bench-gate --num-processes 1
		;;
	e2e) stage e2e e2e_stage '' ;;
	esac
}

# All tests whose name contains the pattern.
run_matching() {
	local names
	mapfile -t names < <(meson test -C build --list 2>/dev/null | sed 's/.* //' |
		grep -F -- "$1")
	if [ ${#names[@]} -gt 0 ]; then
		stage "$1" meson_stage build match "${names[@]}"
		stage "$1 (asan)" meson_stage build-asan match "${names[@]}"
	fi
	if e2e_scripts "$1" | grep -q .; then
		stage "e2e $1" e2e_stage "$1"
	elif [ ${#names[@]} -eq 0 ]; then
		echo "no stage ($stages) and no test has '$1' in its name" >&2
		n_failed=$((n_failed + 1))
	fi
}

# test_all [STAGE|PATTERN]
test_all() {
	local start=$SECONDS part=${1:-}
	[ "$part" = lint ] || stage build build_stage
	if [ $n_failed -gt 0 ]; then
		echo 'the programs could not be built: nothing was tested'
	elif [ -z "$part" ]; then
		for part in $stages; do run_stage "$part"; done
	elif [[ " $stages " == *" $part "* ]]; then
		run_stage "$part"
	else
		run_matching "$part"
	fi
	printf 'all in %d s\n' $((SECONDS - start))
	printf '%d passed, %d failed' $n_passed $n_failed
	[ $n_skipped -eq 0 ] || printf ', %d skipped' $n_skipped
	echo
	[ $n_failed -eq 0 ] && [ $n_passed -gt 0 ]
}
