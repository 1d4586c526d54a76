# SPDX-License-Identifier: BSD-3-Clause
#
# Finds functions of more than -v limit=N lines that the list -v allow=FILE ("path:function
# reason") does not name. A function opens with "{" and ends with "}", each alone at the start of
# a line.

BEGIN {
	while ((getline line < allow) > 0)
		if (line !~ /^#/ && split(line, field, " ") > 1)
			allowed[field[1]] = 1
}

/^[A-Za-z_].*\(/ {
	name = $0
	sub(/ *\(.*/, "", name)
	sub(/.*[ *]/, "", name)
}

$0 == "{" {
	start = FNR
}

$0 == "}" && start {
	n = FNR - start - 1
	if (n > limit && !((FILENAME ":" name) in allowed)) {
		printf "%s:%d: %s() has %d lines, more than %d\n", FILENAME, start, name, n, limit
		n_faults++
	}
	start = 0
}

END {
	exit n_faults > 0
}
