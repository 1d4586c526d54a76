#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Checks that every generated page in the tree is what the tables in the source say now. A
# generator is called with an empty folder and writes its pages below it under their paths in the
# project. Exits 0 if all agree, 1 with the difference if not, 77 if no generator was built.

set -u
cd "$(dirname "$0")/../.." || exit 1
build=${VIADUCT_BUILD:-build}
generators="$build/docs/gendoc"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

n_run=0
bad=0
for generator in $generators; do
	[ -x "$generator" ] || continue
	n_run=$((n_run + 1))
	mkdir "$tmp/$n_run"
	"$generator" "$tmp/$n_run" || { echo "$generator failed"; bad=1; continue; }
	while IFS= read -r page; do
		diff -u "$page" "$tmp/$n_run/$page" && continue
		echo "$page is out of date: $generator ."
		bad=1
	done < <(cd "$tmp/$n_run" && find . -type f | sed 's|^\./||' | sort)
done
if [ $n_run -eq 0 ]; then
	echo "no generator in $build; ./run build makes it"
	exit 77
fi
exit $bad
