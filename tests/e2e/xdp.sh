#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# An xdp: interface stays Linux's: while SIPp makes calls through it over IPv4 and IPv6, a TCP
# transfer arrives byte by byte and pings are answered. Workers, not Linux, take the calls. The
# program is gone after a stop, and after a kill; one of somebody else's is left alone.
#
#   caller 10.1.0.1, fd01::1 ---- out0 viaduct in0 ---- servers 10.2.0.11 ..., fd02::11 ...
. "$(dirname "$0")/../lib/e2e.sh"
need sipp
LAB_DEVICE=xdp

# has_program IF: Linux has an XDP program on the interface.
has_program() { in_proxy ip link show "$1" | grep -q xdp; }

# counter NAME: its value by now.
counter() {
	ctl --json counters --all | "$PYTHON" -c '
import json, sys
print(next(c["value"] for c in json.load(sys.stdin)["counters"] if c["name"] == sys.argv[1]))
' "$1"
}

# serve_bytes FILE: a TCP server on the proxy's side of out0, one connection.
serve_bytes() {
	in_proxy "$PYTHON" -c '
import socket, sys
s = socket.create_server(("10.1.0.10", 7777))
print("up", flush=True)
c = s.accept()[0]
with open(sys.argv[1], "wb") as f:
    while data := c.recv(65536):
        f.write(data)
        c.sendall(data)
' "$1" >"$LAB_DIR/server.up" 2>&1
}

# Sends a file to it and keeps what comes back.
send_bytes() {
	in_caller "$PYTHON" -c '
import socket, sys, threading
c = socket.create_connection(("10.1.0.10", 7777))
data = open(sys.argv[1], "rb").read()
def send():
    c.sendall(data)
    c.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
with open(sys.argv[2], "wb") as f:
    while got := c.recv(65536):
        f.write(got)
' "$1" "$2"
}

lab_up
lab_config 46 </dev/null
viaduct_start
for dev in out0 in0; do
	has_program $dev || skip "Linux attaches no XDP program to veth here"
done

# Calls over both IP versions, beside everything else that the interface carries.
head -c 20000000 /dev/urandom >"$LAB_DIR/bytes"
sipp_servers 4 call_uas
sipp_server t1 "${SRV6[0]}" call_uas
sipp_server t2 "${SRV6[1]}" call_uas
sipp_server t3 "${SRV6[2]}" call_uas
serve_bytes "$LAB_DIR/bytes.there" &
wait_until 20 grep -q up "$LAB_DIR/server.up" || fail "no TCP server"
before=$(counter rx_frames)
sipp_calls four "$CALLER4" "$OUT4" call_uac 200 100 -d 300 &
four=$!
sipp_calls six "$CALLER6" "$OUT6" call_uac 200 100 -d 300 -p 5062 &
six=$!
send_bytes "$LAB_DIR/bytes" "$LAB_DIR/bytes.back" &
sender=$!
in_caller ping -q -i 0.02 -c 50 -W 2 "$OUT4" >"$LAB_DIR/ping4" ||
	fail "pings lost: $(cat "$LAB_DIR/ping4")"
in_caller ping -6 -q -i 0.02 -c 50 -W 2 "$OUT6" >"$LAB_DIR/ping6" ||
	fail "IPv6 pings lost: $(cat "$LAB_DIR/ping6")"
assert_in_log ' 0% packet loss' "$LAB_DIR/ping4"
assert_in_log ' 0% packet loss' "$LAB_DIR/ping6"
wait $sender || fail "the TCP transfer broke"
wait $four $six || true
cmp "$LAB_DIR/bytes" "$LAB_DIR/bytes.there" || fail "bytes changed on their way in"
cmp "$LAB_DIR/bytes" "$LAB_DIR/bytes.back" || fail "bytes changed on their way back"
assert_calls four 200
assert_calls six 200
sipp_servers_stop
# INVITE, 180, 200, ACK, BYE, 200: each once at least, and nothing else came to a worker. What SIPp
# sent again may have brought as much again back.
again=0
for name in four six s1 s2 s3 t1 t2 t3; do
	again=$((again + $(sipp_stat $name 'Retransmissions(C)')))
done
taken=$(($(counter rx_frames) - before))
assert_ge $taken 2400 "frames taken by workers"
assert_ge $((3000 + 2 * again)) $taken "frames taken by workers, at most"
assert_eq "$(counter rx_by_linux)" 0 "datagrams that took the slow way"
assert_eq "$(counter to_kernel)" 0 "frames of Linux that came to a worker"

# A link that goes down and comes back keeps its program.
sipp_servers 4 call_uas
before=$(counter rx_frames)
ip -n "$NS_P" link set out0 down
ip -n "$NS_P" link set out0 up
sipp_calls again "$CALLER4" "$OUT4" call_uac 20 20 || true
assert_calls again 20
sipp_servers_stop
assert_ge $(($(counter rx_frames) - before)) 120 "frames after the link came back"
assert_eq "$(counter rx_by_linux)" 0 "datagrams that took the slow way after it"

# Stop, kill, start again.
viaduct_stop
for dev in out0 in0; do
	! has_program $dev || fail "the program is still on $dev after the stop"
done
viaduct_start
viaduct_kill
for dev in out0 in0; do
	wait_until 20 eval "! has_program $dev" ||
		fail "the program is still on $dev after the kill"
done
viaduct_start
has_program out0 || fail "no program after a kill"

# refused LOG TEXT: it does not start, and says so.
refused() {
	local status=0
	in_proxy timeout 20 "$VIADUCT" --config "$LAB_DIR/viaduct.yaml" 2>"$LAB_DIR/$1.log" ||
		status=$?
	assert_eq $status 1 "exit status, $1"
	assert_in_log "$2" "$LAB_DIR/$1.log"
}

# A second proxy on the same interface, and any other program there, is refused and left alone.
refused second 'interface outside: XDP: another XDP program'
has_program out0 || fail "the second proxy removed the program of the first"
viaduct_stop
in_proxy "$PYTHON" "$TOP/tests/e2e/xdp_attach.py" somebodys in0
refused other 'interface inside: XDP: another XDP program'
has_program in0 || fail "the program of somebody else is gone"
in_proxy ip link set in0 xdp off
# One of ours that outlived its process, as a kill in the middle of a start may leave it, is not.
in_proxy "$PYTHON" "$TOP/tests/e2e/xdp_attach.py" viaduct_steer in0
viaduct_start
viaduct_stop
! has_program in0 || fail "the program of a former proxy is still there"

# Frames that do not fit.
ip -n "$NS_P" link set in0 mtu 9000
refused mtu 'interface inside: XDP: its MTU is 9000; allowed is up to 3498'
! has_program out0 || fail "a start that failed left its program on out0"
# What the driver does not like is told in its own words.
ip -n "$NS_P" link set in0 mtu 1500
ip -n "$NS_S" link set net0 mtu 9000
refused peer 'interface inside: XDP: .*Peer MTU is too large'
! has_program out0 || fail "a start that the driver refused left its program on out0"
