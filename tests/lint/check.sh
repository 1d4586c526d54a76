#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Every check of the text of the project: tests/lint/check.sh [--full] [NAME...]; --list names
# them. Prints "ok NAME", "FAIL NAME" followed by indented details, or "skip NAME: why" for each,
# and exits 1 if one failed. Without --full it takes well under a minute and needs no build. To
# add a check, write a function check_NAME whose output explains the fault and whose status is 0,
# 1 (fault) or 77 (skip), and name it below.

set -u
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 1
lint=tests/lint

checks="selftest spdx whitespace format layers forbidden size headers shell spelling generated"
checks="$checks page conformance packet_path commits"
slow_checks="cppcheck tidy"
jobs=$(nproc)

# files GLOB...: the project's files that match, tracked or not yet, one per line.
files() {
	git -c safe.directory="$PWD" ls-files -co --exclude-standard -- "$@" | sort -u |
		while IFS= read -r f; do [ -f "$f" ] && printf '%s\n' "$f"; done
}

c_files() { files '*.c' '*.h'; }
product_files() { files 'dataplane/*.[ch]' 'control/*.[ch]' 'docs/*.[ch]' 'bench/*.[ch]'; }
# Programs for Linux' own machine are its verifier's business.
analysed_files() { product_files | grep '\.c$' | grep -v '\.bpf\.c$'; }
scripts() { files '*.sh' run .ci/run; }
code_files() {
	files '*.c' '*.h' '*.def' '*.sh' '*.awk' '*.py' '*meson.build' meson_options.txt run .ci/run
}
text_files() {
	code_files
	files '*.md' '*.txt' '*.yaml' '*.scd' '.clang-*' .editorconfig .gitignore LICENSE
}

need() { command -v "$1" >/dev/null || { echo "$1 is not installed"; exit 77; }; }

check_selftest() { $lint/selftest.sh; }

# The licence of every file stands in its first line, or in the second after "#!".
check_spdx() {
	local bad=0 f
	while IFS= read -r f; do
		head -n 2 "$f" | grep -q 'SPDX-License-Identifier: BSD-3-Clause' && continue
		echo "$f: no SPDX-License-Identifier line at its top"
		bad=1
	done < <(code_files)
	return $bad
}

check_whitespace() {
	local bad=0 f
	text_files | xargs grep -nP '[ \t]+$|\r' && bad=1
	code_files | xargs grep -nP '[^\x00-\x7f]' && bad=1
	code_files | xargs awk -f $lint/columns.awk || bad=1
	while IFS= read -r f; do
		[ -z "$(tail -c 1 "$f")" ] && continue
		echo "$f: no newline at its end"
		bad=1
	done < <(text_files)
	return $bad
}

check_format() {
	local tool=clang-format-14
	need $tool
	c_files | xargs -r -P "$jobs" -n 1 sh -c \
		'"$0" --dry-run -Werror "$1" >/dev/null 2>&1 || echo "$1: $0 -i $1"' $tool |
		sort | (! grep .)
}

# Each function that docs/packet-path.md names exists; those of DPDK it does not define itself.
check_packet_path() {
	local name bad=0
	while IFS= read -r name; do
		grep -rqE --include='*.[ch]' "(^|[^a-z_0-9])$name\\(" dataplane && continue
		echo "docs/packet-path.md: no function $name() in dataplane/"
		bad=1
	done < <(grep -oE '`[a-z_0-9]+\(\)`' docs/packet-path.md | tr -d '`()' | sort -u)
	return $bad
}

check_layers() { c_files | xargs awk -f $lint/layers.awk; }

check_forbidden() {
	local setup
	setup=$(awk '!/^#/ { print $1 }' $lint/setup-files.txt | tr '\n' ' ')
	c_files | xargs awk -v setup="$setup" -f $lint/strip.awk -f $lint/forbidden.awk \
		$lint/forbidden.txt
}

# Long files and functions are allowed where size-allow.txt says why, and that list may not be
# stale.
check_size() {
	local bad=0 allow=$lint/size-allow.txt f
	{ c_files; scripts; } | xargs awk -v limit=500 -v allow=$allow -f $lint/files.awk || bad=1
	product_files | grep '\.c$' |
		xargs -r awk -v limit=80 -v allow=$allow -f $lint/functions.awk || bad=1
	while IFS= read -r f; do
		[ -f "$f" ] && continue
		echo "$f is gone, but $allow or $lint/setup-files.txt names it"
		bad=1
	done < <(awk '!/^#/ && NF { sub(/:.*/, "", $1); print $1 }' $allow $lint/setup-files.txt)
	return $bad
}

# Each header is compiled alone, twice over, with no other in front of it. NAME_body.h is none: it
# is a piece of code that several files include, each with definitions of its own in front.
check_headers() {
	local flags
	need gcc
	flags=$(pkg-config --cflags libdpdk) || return 77
	files 'dataplane/*.h' 'control/*.h' 'docs/*.h' 'bench/*.h' 'tests/*.h' |
		grep -v '_body\.h$' |
		DPDK=${flags//-I/-isystem } xargs -r -P "$jobs" -n 1 $lint/header.sh
}

check_shell() {
	local f bad=0
	need shellcheck
	scripts | xargs -P "$jobs" -n 4 shellcheck -x || bad=1
	for f in tests/e2e/[!_]*.sh; do
		[ -x "$f" ] && continue
		echo "$f: not executable, so ./run test cannot run it: chmod +x"
		bad=1
	done
	return $bad
}

check_spelling() {
	need codespell
	text_files | grep -v '^tests/data/' |
		xargs codespell --ignore-words=$lint/spelling-allow.txt
}

check_generated() { $lint/generated.sh; }

# Figures, tables and plots of docs/performance.md and the README are what bench/results says.
check_page() {
	need python3
	bench/page.py --check
}

# docs/conformance.tsv names tests that exist and every requirement; the page is what it says.
check_conformance() { $lint/conformance.py --check; }

check_commits() {
	git -c safe.directory="$PWD" log --no-merges -n 50 --format='%h%x09%s' 2>/dev/null |
		awk -f $lint/commits.awk
}

check_cppcheck() {
	need cppcheck
	analysed_files | xargs -r cppcheck --quiet --std=c11 -j "$jobs" -I . \
		--enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
		--suppressions-list=$lint/cppcheck-allow.txt 2>&1
}

# A build folder of its own, since clang does not know every argument that gcc gets.
check_tidy() {
	need clang-tidy-14
	need meson
	[ -f build-tidy/build.ninja ] ||
		CC=clang meson setup build-tidy -Db_lto=false >build-tidy.log 2>&1 ||
		{ cat build-tidy.log; rm -f build-tidy.log; return 1; }
	rm -f build-tidy.log
	analysed_files |
		xargs -r -P "$jobs" -n 1 clang-tidy-14 -p build-tidy --quiet 2>/dev/null |
		(! grep -A 3 -E '(warning|error):')
}

names=
while [ $# -gt 0 ]; do
	case $1 in
	--full) checks="$checks $slow_checks" ;;
	--list) echo "$checks $slow_checks" | tr ' ' '\n'; exit 0 ;;
	-*) echo "usage: $0 [--full] [--list] [NAME...]" >&2; exit 2 ;;
	*) names="$names $1" ;;
	esac
	shift
done

n_bad=0
for name in ${names:-$checks}; do
	details=$("check_$name" 2>&1)
	case $? in
	0) echo "ok $name" ;;
	77) echo "skip $name: $details" ;;
	*)
		echo "FAIL $name"
		printf '%s\n' "$details" | head -n 60 | sed 's/^/    /'
		n_bad=$((n_bad + 1))
		;;
	esac
done
[ $n_bad -eq 0 ]
