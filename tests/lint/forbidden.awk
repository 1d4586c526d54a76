# SPDX-License-Identifier: BSD-3-Clause
#
# Finds words that must not be used, by the rules in forbidden.txt (first file on the command line).
# A comment "lint: allow WORD" on the same line or the one before lets that word pass.
#
# awk -f strip.awk -f forbidden.awk -v setup="FILE FILE:FUNCTION..." forbidden.txt FILE... where
# setup names what no worker runs in dataplane/; nor does one run functions named x_new, x_free and
# the like. One line per fault, exit status 1 if there was any.

function fault(word, why)
{
	if (index($0 before, "lint: allow " word))
		return
	printf "%s:%d: %s: %s\n", FILENAME, FNR, word, why
	n_faults++
}

function is_listed(name)
{
	return index(" " setup " ", " " name " ") > 0
}

# The scopes of a file, besides "all" and "text".
function scopes_of(path)
{
	sub(/^\.\//, "", path)
	if (path ~ /^dataplane\/(sip|proxy)\//)
		return "pure worker"
	if (path ~ /^dataplane\// && !is_listed(path))
		return "worker"
	return ""
}

# "scope word...: why"; word* is a prefix, word() a call.
NR == FNR {
	if ($0 == "" || /^#/)
		next
	at = index($0, ": ")
	why = substr($0, at + 2)
	n = split(substr($0, 1, at - 1), word, " ")
	for (i = 2; i <= n; i++) {
		if (sub(/\*$/, "", word[i]))
			prefix[word[1], ++n_prefixes[word[1]]] = word[i]
		sub(/\(\)$/, " (", word[i])
		reason[word[1], word[i]] = why
	}
	next
}

FNR == 1 {
	n_scopes = split("all " scopes_of(FILENAME), scope, " ")
	before = in_function = ""
	path = FILENAME
	sub(/^\.\//, "", path)
}

# True inside of a function that makes or ends something: it runs at start or stop. The pure core
# has none of these: what it makes lies in the memory of its caller.
function is_setup()
{
	if (path ~ /^dataplane\/(sip|proxy)\//)
		return 0
	return in_function ~ /_(new|free|init|fini|start|stop|open|close)$/ ||
	       is_listed(path ":" in_function)
}

function check_word(kind, word, is_call,    i)
{
	if ((kind, word) in reason)
		fault(word, reason[kind, word])
	else if (is_call && (kind, word " (") in reason)
		fault(word, reason[kind, word " ("])
	else
		for (i = 1; i <= n_prefixes[kind]; i++)
			if (index(word, prefix[kind, i]) == 1)
				fault(word, reason[kind, prefix[kind, i]])
}

{
	line = code($0)
	if (line ~ /^[A-Za-z_].*\(/) {
		in_function = line
		sub(/ *\(.*/, "", in_function)
		sub(/.*[ *]/, "", in_function)
	}
	if (line ~ /^[ \t]*#[ \t]*include/)
		line = ""
	before_word = ""
	while (match(line, /[A-Za-z_][A-Za-z0-9_]*/)) {
		word_text = substr(line, RSTART, RLENGTH)
		before_word = substr(line, 1, RSTART - 1)
		line = substr(line, RSTART + RLENGTH)
		is_call = line ~ /^[ \t]*\(/ && before_word !~ /(\.|->)$/
		for (s = 1; s <= n_scopes; s++)
			if (scope[s] != "worker" || !is_setup())
				check_word(scope[s], word_text, is_call)
	}
	rest = $0
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
		check_word("text", substr(rest, RSTART, RLENGTH), 0)
		rest = substr(rest, RSTART + RLENGTH)
	}
	before = $0
}

END {
	exit n_faults > 0
}
