# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# shellcheck disable=SC2154 # n_cores is set by ./run
#
# ./run fuzz; sourced by it. Each target runs for FUZZ_SECONDS from its seeds in
# tests/fuzz/corpus/TARGET, as many targets at once as there are cores. New inputs collect in
# build-fuzz/corpus/TARGET, inputs that broke a target in build-fuzz/found: move such a one to
# tests/fuzz/corpus/TARGET with its fix.

fuzz_one() {
	local name=$1 dict=tests/fuzz/sip.dict status
	[ -f "tests/fuzz/$name.dict" ] && dict=tests/fuzz/$name.dict
	mkdir -p "build-fuzz/corpus/$name" "tests/fuzz/corpus/$name"
	set --
	[ -f "$dict" ] && set -- "-dict=$dict"
	"build-fuzz/tests/fuzz/$name" "$@" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 \
		-max_len=65535 -rss_limit_mb=4096 -artifact_prefix="build-fuzz/found/$name-" \
		"build-fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"build-fuzz/$name.log" 2>&1
	status=$?
	if [ $status -eq 0 ]; then
		touch "build-fuzz/$name.passed"
		printf 'ok %s: %s\n' "$name" "$(grep -E '^Done|cov:' "build-fuzz/$name.log" |
			tail -n 2 | tr -s '\n\t ' ' ')"
	else
		printf 'FAIL %s (exit status %d)\n' "$name" "$status"
		tail -n 60 "build-fuzz/$name.log" | sed 's/^/    /'
	fi
}

# fuzz_all [TARGET...]
fuzz_all() {
	local name names n_targets=0 n_ok=0
	CC=clang configure build-fuzz -Dfuzz=true -Ddebug=true -Doptimization=2 -Db_ndebug=false \
		-Db_lto=false -Db_lundef=false -Db_sanitize=address,undefined
	quietly build-fuzz.log ninja -C build-fuzz fuzzers
	mkdir -p build-fuzz/found
	names=$*
	[ "$names" ] || names=$(find build-fuzz/tests/fuzz -maxdepth 1 -type f -executable \
		-printf '%f\n')
	for name in $names; do
		[ -x "build-fuzz/tests/fuzz/$name" ] || die "no fuzz target $name"
		while [ "$(jobs -rp | wc -l)" -ge "$n_cores" ]; do wait -n; done
		rm -f "build-fuzz/$name.passed"
		fuzz_one "$name" &
	done
	wait
	for name in $names; do
		n_targets=$((n_targets + 1))
		[ -f "build-fuzz/$name.passed" ] && n_ok=$((n_ok + 1))
	done
	echo "$n_ok targets passed, $((n_targets - n_ok)) failed"
	[ $n_ok -gt 0 ] && [ $n_ok -eq $n_targets ]
}
