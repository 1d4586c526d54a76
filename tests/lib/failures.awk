# SPDX-License-Identifier: BSD-3-Clause
#
# Shows what the programs that failed printed, from a meson test log in its JSON form; of TAP only
# what did not pass. At most 150 lines each.

function show(text,    line, n, i, n_shown)
{
	n = split(text, line, /\\n/)
	for (i = 1; i <= n && n_shown < 150; i++) {
		if (line[i] == "" || line[i] ~ /^(ok |# |#$|TAP version|1\.\.)/)
			continue
		gsub(/\\t/, "\t", line[i])
		gsub(/\\"/, "\"", line[i])
		gsub(/\\\\/, "\\", line[i])
		print "    " line[i]
		n_shown++
	}
}

# The value of a member that holds a string, still escaped; "" if there is none.
function member(name,    rest, value)
{
	if (!match($0, "\"" name "\": \""))
		return ""
	rest = substr($0, RSTART + RLENGTH)
	while (match(rest, /\\.|"/)) {
		value = value substr(rest, 1, RSTART - 1)
		if (substr(rest, RSTART, 1) == "\"")
			return value
		value = value substr(rest, RSTART, RLENGTH)
		rest = substr(rest, RSTART + RLENGTH)
	}
	return value
}

{
	result = member("result")
	if (result == "OK" || result == "SKIP" || result == "EXPECTEDFAIL")
		next
	print member("name") ": " result
	show(member("stdout"))
	show(member("stderr"))
}
