# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Completion of viactl for bash. viactl itself knows what may come next; here its answer is fitted
# to how bash splits words: at '=' and ':' too, unless COMP_WORDBREAKS says otherwise.

_viactl() {
	local line=${COMP_LINE:0:COMP_POINT} word cut reply
	local -a words
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=('')
	word=${words[-1]}
	cut=
	[[ $word == *=* && $COMP_WORDBREAKS == *=* ]] && cut=${word%"${word##*=}"}
	COMPREPLY=()
	while IFS=$'\t' read -r reply _; do
		COMPREPLY+=("${reply#"$cut"}")
	done < <("${words[0]}" --complete "${words[@]:1}" 2>/dev/null)
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
	return 0
}
complete -o default -F _viactl viactl
