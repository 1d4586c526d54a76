# SPDX-License-Identifier: BSD-3-Clause
#
# Finds lines wider than 100 columns, a tab reaching to the next multiple of 8. Exit status 1 if
# any.

{
	width = 0
	n = split($0, part, "\t")
	for (i = 1; i <= n; i++) {
		width += length(part[i])
		if (i < n)
			width += 8 - width % 8
	}
	if (width > 100) {
		printf "%s:%d: %d columns\n", FILENAME, FNR, width
		n_faults++
	}
}

END {
	exit n_faults > 0
}
