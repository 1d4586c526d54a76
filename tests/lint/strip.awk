# SPDX-License-Identifier: BSD-3-Clause
#
# code(LINE): the line of C without its comments, every string and character constant emptied.
# Remembers an open comment from line to line; a new file starts outside of one.

FNR == 1 {
	in_comment = 0
}

function code(line,    out, mark, at, part)
{
	while (line != "") {
		if (in_comment) {
			at = index(line, "*/")
			if (!at)
				return out
			in_comment = 0
			line = substr(line, at + 2)
			continue
		}
		if (!match(line, /["']|\/\*|\/\//))
			return out line
		out = out substr(line, 1, RSTART - 1)
		mark = substr(line, RSTART, RLENGTH)
		line = substr(line, RSTART + RLENGTH)
		if (mark == "//")
			return out
		if (mark == "/*") {
			in_comment = 1
			out = out " "
			continue
		}
		out = out mark mark
		do {
			if (!match(line, /\\.|["']/))
				return out
			part = substr(line, RSTART, RLENGTH)
			line = substr(line, RSTART + RLENGTH)
		} while (part != mark)
	}
	return out
}
