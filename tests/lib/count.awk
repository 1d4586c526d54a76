# SPDX-License-Identifier: BSD-3-Clause
#
# Counts one meson test log in its JSON form (one object per program and line): "passed failed
# skipped". A program that speaks TAP counts for each of its tests, any other one counts for
# itself. A program that failed as a whole, after tests that all passed, counts as one failure
# more: a leak at exit is one.

{
	if (!match($0, /"result": "[A-Z]+"/))
		next
	result = substr($0, RSTART + 11, RLENGTH - 12)
	output = substr($0, 1, RSTART)
	bad = 0
	is_tap = output ~ /"stdout": "TAP version|"stdout": "1\.\.|\\n1\.\.[0-9]/
	n = is_tap ? split(output, line, /\\n/) : 0
	for (i = 1; i <= n; i++) {
		if (line[i] ~ /^not ok/ && line[i] !~ /# TODO/)
			bad++
		else if (line[i] ~ /^(not )?ok.*# ?SKIP/)
			skipped++
		else if (line[i] ~ /^(not )?ok/)
			passed++
	}
	failed += bad
	if (result == "SKIP")
		skipped += !is_tap
	else if (result != "OK" && result != "EXPECTEDFAIL")
		failed += !bad
	else if (!is_tap)
		passed++
}

END {
	print passed + 0, failed + 0, skipped + 0
}
