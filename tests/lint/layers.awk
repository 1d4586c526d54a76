# SPDX-License-Identifier: BSD-3-Clause
#
# Checks which way the #include arrows point (docs/style.md 2): a folder may include the folders
# named for it here and no others, and always by full path. The two pure layers may use a few system
# headers only: none of these can allocate, print, block or look at the locale.
#
# awk -f layers.awk FILE...: one line per fault, exit status 1 if there was any.

BEGIN {
	allowed["dataplane/sip"] = "dataplane/sip"
	allowed["dataplane/proxy"] = allowed["dataplane/sip"] " dataplane/proxy"
	allowed["dataplane"] = allowed["dataplane/proxy"] " dataplane"
	allowed["control/config"] = allowed["dataplane/proxy"] " control/config"
	allowed["control/world"] = allowed["control/config"] " control/world"
	allowed["control"] = allowed["dataplane"] " control/config control/world control"
	allowed["docs"] = allowed["control"] " docs"
	allowed["bench"] = allowed["dataplane/proxy"] " bench"
	allowed["bench/plane"] = allowed["dataplane"] " bench bench/plane"
	allowed["bench/load/peer"] = allowed["bench"] " bench/load/peer"
	allowed["bench/load/engine"] = allowed["control"] " bench/load/peer bench/load/engine"
	allowed["bench/load/front"] = allowed["bench/load/engine"] " bench/load/front"
	allowed["tests"] = allowed["docs"] " bench bench/load/peer bench/load/engine " \
		"bench/load/front tests"

	pure["dataplane/sip"] = pure["dataplane/proxy"] = 1
	n = split("assert.h errno.h inttypes.h limits.h stdalign.h stdatomic.h stdbool.h " \
		  "stddef.h stdint.h string.h emmintrin.h immintrin.h nmmintrin.h smmintrin.h " \
		  "tmmintrin.h sodium.h xxhash.h", name, " ")
	for (i = 1; i <= n; i++)
		pure_header[name[i]] = 1
}

function fault(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text
	n_faults++
}

# The longest folder with a rule that holds the path; "" if none does.
function folder_of(path)
{
	sub(/^\.\//, "", path)
	while (sub(/\/[^\/]*$/, "", path))
		if (path in allowed)
			return path
	return ""
}

FNR == 1 {
	here = folder_of(FILENAME)
	if (here == "")
		fault("no rule for this folder in tests/lint/layers.awk")
}

here != "" && /^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	there = folder_of(part[2])
	if (part[2] ~ /\.\// || there == "")
		fault("\"" part[2] "\" is not a full path from the top of the project")
	else if (index(" " allowed[here] " ", " " there " ") == 0)
		fault(here " must not include " there)
}

here in pure && /^[ \t]*#[ \t]*include[ \t]*</ {
	split($0, part, /[<>]/)
	if (!(part[2] in pure_header))
		fault("the pure core must not include <" part[2] ">")
}

END {
	exit n_faults > 0
}
