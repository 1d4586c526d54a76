# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Calls between UDP and TCP, and what viaduct says of the transactions that it keeps for them.

# crossing_calls NAME CALLER SERVER: 50 calls of each kind, which all complete. CALLER and SERVER:
# as SIPp's -t.
crossing_calls() {
	local name=$1 caller=$2 server=$3 kind
	for kind in call busy cancel reinvite; do
		sipp_servers 4 ${kind}_uas -t "$server"
		sipp_calls "$name-$kind" "$CALLER4" "$OUT4" ${kind}_uac 50 50 -t "$caller" \
			-max_socket 1000 || true
		assert_calls "$name-$kind" 50
		sipp_servers_stop
	done
	assert_eq "$(crossing_count refused)" 0 "transactions refused"
	assert_eq "$(crossing_count strays)" 0 "stray responses"
	assert_eq "$(crossing_count failures)" 0 "messages that could not be sent"
	assert_eq "$(lab_counter dropped_last_via)" 0 "answers to CANCELs of ours that nobody took"
}

# crossing_count NAME: a count of all transactions.
crossing_count() {
	ctl --json transactions | "$PYTHON" -c 'import json, sys
print(json.load(sys.stdin)["counts"][sys.argv[1]])' "$1"
}
