# SPDX-License-Identifier: BSD-3-Clause
#
# Checks commit subjects, "HASH<tab>SUBJECT" per line: "area: imperative", at most 72 columns, no
# full stop. Exit status 1 if one is at fault.

BEGIN {
	FS = "\t"
	not_imperative = "added|adds|adding|fixed|fixes|fixing|changed|changes|changing|updated|" \
			 "updates|updating|removed|removes|removing|made|makes|making|used|uses|" \
			 "using|implemented|implements|implementing"
}

function fault(text)
{
	printf "%s %s: %s\n", $1, $2, text
	n_faults++
}

{
	if (length($2) > 72)
		fault(length($2) " columns, more than 72")
	if ($2 !~ /^[a-z0-9_.\/*-]+(, [a-z0-9_.\/*-]+)*: [^ ]/)
		fault("not of the form \"area: what the change does\"")
	else if ($2 ~ (": (" not_imperative ") "))
		fault("imperative, please: \"add\", not \"added\" or \"adds\"")
	if ($2 ~ /\.$/)
		fault("ends with a full stop")
}

END {
	exit n_faults > 0
}
