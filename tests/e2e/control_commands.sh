#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Every command of the control socket with a real daemon: what it prints, its exit status, the same
# by socat, and that the log tells who changed what.
#
#   caller ---- out0 viaduct in0 ---- servers 10.2.0.11, .12, .13
. "$(dirname "$0")/../lib/e2e.sh"
need socat

# refused STATUS PATTERN ARGUMENT...: viactl ends with this status and says so on standard error.
refused() {
	local want=$1 pattern=$2 status=0
	shift 2
	ctl "$@" >"$LAB_DIR/out" 2>"$LAB_DIR/err" || status=$?
	assert_eq "$status" "$want" "exit status of viactl $*"
	grep -Eq -- "$pattern" "$LAB_DIR/err" ||
		fail "viactl $*: no '$pattern' in: $(head -n 3 "$LAB_DIR/err")"
}

# shows PATTERN ARGUMENT...: viactl obeys and prints a line like this.
shows() {
	local pattern=$1
	shift
	ctl "$@" >"$LAB_DIR/out" 2>&1 || fail "viactl $*: $(cat "$LAB_DIR/out")"
	grep -Eq -- "$pattern" "$LAB_DIR/out" ||
		fail "viactl $*: no '$pattern' in: $(cat "$LAB_DIR/out")"
}

# json PYTHON ARGUMENT...: the expression holds for the result r.
json() {
	local expression=$1
	shift
	ctl --json "$@" >"$LAB_DIR/out.json" || fail "viactl --json $*"
	"$PYTHON" -c "import json, sys
r = json.load(open(sys.argv[1]))
sys.exit(not ($expression))" "$LAB_DIR/out.json" ||
		fail "viactl --json $*: not $expression: $(cat "$LAB_DIR/out.json")"
}

lab_up
lab_config </dev/null
refused 3 'no connection' status
viaduct_start

shows '^state +ready' status
json 'r["ready"] and r["node"] == "lab" and len(r["listeners"]) == 4' status
json "r['pid'] == $VIADUCT_PID" status
shows 'core-2 +10\.2\.0\.12:5060 +up +33\.3 %' pools
shows 'pool core: 3 of 3 live' pool show core
refused 1 'did you mean "core"' pool show cor
refused 2 'pool is missing' pool show
refused 2 'did you mean "pools"' pols
refused 2 'one word too many' status now

# Operating: weights, drain, a backend more and less.
shows 'core-1: drain' backend set core core-1 state=drain
shows 'core-1 .* drain +0 %' pools
json 'r["backend"]["state"] == "up" and r["moved"] > 0.2' backend set core core-1 state=file
json 'r["backend"]["weight"] == 5' backend set core core-1 weight=5
json 'r["backend"]["weight"] == 1' backend set core core-1 weight=file
refused 1 'core-1|core-9' backend set core core-9 state=up
refused 2 'did you mean "drain"' backend set core core-1 state=drian
shows 'core-9' backend add core core-9 10.2.0.19:5060 weight=2
json 'any(b["added"] for b in r["pool"]["members"])' pool show core
refused 1 . backend add core core-9 10.2.0.19:5060
shows removed backend remove core core-9
start=$SECONDS
shows 'silent for 5 s' backend set core core-1 state=drain --wait --timeout 30
assert_ge $((SECONDS - start)) 4 "seconds that a drain waits"
json 'r["backend"]["state"] == "up"' backend set core core-1 state=file

# The file.
shows . reload --dry-run
sed -i 's/^pools:/pols:/' "$LAB_DIR/viaduct.yaml"
refused 1 'viaduct.yaml:[0-9]+:[0-9]+: unknown key "pols"; did you mean "pools"' reload
sed -i 's/^pols:/pools:/' "$LAB_DIR/viaduct.yaml"
shows . reload

shows '^idle_turns' counters --all idle
json 'all("drop" in c["name"] for c in r["counters"])' counters drop --all
cat >"$LAB_DIR/m.sip" <<'END'
OPTIONS sip:bob@example.com SIP/2.0
Via: SIP/2.0/UDP 10.1.0.1;branch=z9hG4bKx
To: <sip:bob@example.com>
From: <sip:a@b>;tag=1
Call-ID: a
CSeq: 1 OPTIONS

END
shows '^\+ Via: SIP/2.0/UDP 10.2.0.10:5060;branch=z9hG4bK' \
	explain --source 10.1.0.1:5060 "$LAB_DIR/m.sip"
json 'r["verdict"] == "forward" and r["backend"]' explain - <"$LAB_DIR/m.sip"
shows 'log level: debug' log level debug
shows . log level info
shows 'drains' drain on
shows 'state +draining' status
shows 'in service' drain off
json 'any(c["method"] == "backend.set" for c in r["commands"])' help
shows '^usage: viactl backend set POOL BACKEND' help backend set
refused 2 'needs a terminal' top </dev/null

# trace: Ctrl-C ends it cleanly, and the proxy forgets it.
"$VIACTL" --socket "$LAB_DIR/control.sock" trace --count 0 >"$LAB_DIR/trace.out" 2>&1 &
tracer=$!
sleep 0.5
kill -INT $tracer
status=0
wait $tracer || status=$?
assert_eq $status 0 "exit status of a trace that was ended"

# Without viactl: a request, a batch, a notification; no newline at the end.
reply() {
	socat -t 5 - "UNIX-CONNECT:$LAB_DIR/control.sock"
}
got=$(echo '{"jsonrpc":"2.0","id":7,"method":"log.level","params":{"level":"info"}}' | reply)
assert_eq "$got" '{"jsonrpc":"2.0","result":{"level":"info"},"id":7}' "answer by socat"
got=$(printf '[{"jsonrpc":"2.0","id":1,"method":"nothing"},%s]' \
	'{"jsonrpc":"2.0","method":"status"}' | reply)
[[ $got == '[{"jsonrpc":"2.0","error":{"code":-32601,'*'"id":1}]' ]] || fail "batch by socat: $got"

# Completion knows what the socket knows.
export VIACTL_SOCKET=$LAB_DIR/control.sock
got=$("$VIACTL" --complete backend set core core-2 state=d | cut -f 1 | tr '\n' ' ')
assert_eq "$got" "state=drain state=down " "completion of a state"
got=$("$VIACTL" --complete backend set core '' | cut -f 1 | tr '\n' ' ')
assert_eq "$got" "core-1 core-2 core-3 " "completion of a backend"
got=$("$VIACTL" --complete pool show c | cut -f 1)
assert_eq "$got" core "completion of a pool"
unset VIACTL_SOCKET

assert_in_log 'uid 0, pid [0-9]+: backend\.set .*"state":"drain"' "$LAB_DIR/viaduct.log"
assert_in_log 'uid 0, pid [0-9]+: reload .* refused' "$LAB_DIR/viaduct.log"
assert_eq "$(grep -c 'pools {' "$LAB_DIR/viaduct.log" || true)" 0 "log lines of pools"
shows 'log level: debug' log level debug
shows stopping stop
status=0
wait "$VIADUCT_PID" || status=$?
assert_eq $status 0 "exit status after stop"
assert_in_log 'debug: stop rpc' "$LAB_DIR/viaduct.log"
[ ! -e "$LAB_DIR/control.sock" ] || fail "the socket is still there"
