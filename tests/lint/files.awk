# SPDX-License-Identifier: BSD-3-Clause
#
# Finds files of more than -v limit=N lines that the list -v allow=FILE ("path  reason") does not
# name.

BEGIN {
	while ((getline line < allow) > 0)
		if (line !~ /^#/ && split(line, field, " ") > 1)
			allowed[field[1]] = 1
}

{
	n_lines[FILENAME]++
}

END {
	for (path in n_lines)
		if (n_lines[path] > limit && !(path in allowed)) {
			printf "%s: %d lines, more than %d\n", path, n_lines[path], limit
			n_faults++
		}
	exit n_faults > 0
}
