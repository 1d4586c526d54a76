#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The doctor finds what is wrong with a machine and a configuration before anything runs, and in a
# node that runs; the command that it names, run as it stands, mends it. Exit status 0: no fault.
. "$(dirname "$0")/../lib/e2e.sh"

need ethtool sysctl
lab_up
lab_config </dev/null

# doctor STATUS [ARGUMENT...]: its report in the proxy's namespace, in $LAB_DIR/doctor.json.
doctor() {
	local wanted=$1 status=0
	shift
	in_proxy "$VIADUCT" --doctor --json "$@" >"$LAB_DIR/doctor.json" 2>"$LAB_DIR/doctor.err" ||
		status=$?
	assert_eq "$status" "$wanted" "status of --doctor $* ($(cat "$LAB_DIR/doctor.err"))"
}

# finding ID SUBJECT: "STATUS: MEND" of it; SUBJECT -: of the machine.
finding() {
	"$PYTHON" - "$LAB_DIR/doctor.json" "$@" <<-'PYTHON'
		import json, sys

		report = json.load(open(sys.argv[1]))
		for c in report["checks"]:
		    if c["id"] == sys.argv[2] and (c["subject"] or "-") == sys.argv[3]:
		        print("%s: %s" % (c["status"], c["mend"] or ""))
	PYTHON
}

is() { assert_eq "$(finding "$1" "$2" | cut -d : -f 1)" "$3" "$1 of $2"; }

# mended ID SUBJECT: runs the command that the last report names for it, and looks again.
mended() {
	local command
	command=$(finding "$1" "$2" | cut -d ' ' -f 2-)
	[ -n "$command" ] || fail "no command mends $1 of $2"
	in_proxy sh -c "$command" >/dev/null || fail "fails: $command"
	doctor 0 --config "$LAB_DIR/viaduct.yaml"
	is "$1" "$2" ok
}

# --- the machine alone, and wrong usage ----------------------------------------------------------

status=0
"$VIADUCT" --doctor --json >"$LAB_DIR/doctor.json" || status=$?
"$PYTHON" - "$LAB_DIR/doctor.json" "$status" <<'PYTHON' || exit 1
import json, sys

report, status = json.load(open(sys.argv[1])), int(sys.argv[2])
keys = ["finding", "group", "id", "mend", "status", "subject", "title", "why"]
groups = ["memory", "cpu", "clock", "device", "kernel", "node"]
found = [c["status"] for c in report["checks"]]
for c in report["checks"]:
    if sorted(c) != keys or c["group"] not in groups:
        sys.exit("FAIL: %r" % c)
    if c["status"] not in ("ok", "note", "warning", "fault") or "\n" in c["finding"]:
        sys.exit("FAIL: %r" % c)
for name in "fault", "warning", "note":
    if report[name + "s"] != found.count(name):
        sys.exit("FAIL: %ss: %d of %r" % (name, report[name + "s"], found))
if status != (report["faults"] > 0) or len(found) < 10:
    sys.exit("FAIL: status %d, %r" % (status, report))
order = [groups.index(c["group"]) for c in report["checks"]]
if order != sorted(order):
    sys.exit("FAIL: groups are mixed")
PYTHON
"$VIADUCT" --doctor | tail -n 1 | grep -Eq '^[0-9]+ faults?, [0-9]+ warnings?, [0-9]+ notes?$' ||
	fail "the last line of the report does not count"
echo 'interfaces: 7' >"$LAB_DIR/bad.yaml"
doctor 2 --config "$LAB_DIR/bad.yaml"
assert_in_log 'bad.yaml:1:13' "$LAB_DIR/doctor.err"
status=0
"$VIADUCT" --json --config "$LAB_DIR/viaduct.yaml" 2>"$LAB_DIR/doctor.err" || status=$?
assert_eq "$status" 2 'status of --json alone'

# --- what a configuration needs ------------------------------------------------------------------

doctor 0 --config "$LAB_DIR/viaduct.yaml"
is link inside ok
is offloads inside ok
is secret - ok
is rp_filter outside ok
is ports - ok

ip -n "$NS_P" link set in0 down
doctor 1 --config "$LAB_DIR/viaduct.yaml"
is link inside fault
is link outside ok
mended link inside

chmod 644 "$LAB_DIR/secret"
doctor 1 --config "$LAB_DIR/viaduct.yaml"
is secret - fault
mended secret -

in_proxy sysctl -qw net.ipv4.conf.all.rp_filter=1 'net.ipv4.ip_local_port_range=1024 60999' \
	net.ipv4.ip_local_reserved_ports=7000-7010
doctor 0 --config "$LAB_DIR/viaduct.yaml"
is rp_filter inside note
is ports - warning
mended rp_filter inside
is rp_filter outside note
mended ports -
assert_eq "$(in_proxy sysctl -n net.ipv4.ip_local_reserved_ports)" 5060,7000-7010 'reserved ports'

sed 's/"packet:in0"/"packet:in0", mtu: 9000/' "$LAB_DIR/viaduct.yaml" >"$LAB_DIR/big.yaml"
doctor 0 --config "$LAB_DIR/big.yaml"
is mtu inside warning
mended mtu inside
assert_eq "$(in_proxy cat /sys/class/net/in0/mtu)" 9000 'MTU of in0'

if in_proxy ethtool -K in0 rx-udp-gro-forwarding on >/dev/null 2>&1; then # Linux 5.13
	doctor 1 --config "$LAB_DIR/viaduct.yaml"
	is offloads inside fault
	mended offloads inside
fi

# --- a node that runs ----------------------------------------------------------------------------

viaduct_start
ctl --json doctor >"$LAB_DIR/doctor.json"
is link inside ok
is offloads outside ok
ip -n "$NS_P" link set in0 down
ctl --json doctor >"$LAB_DIR/doctor.json"
is link inside fault
ctl doctor >"$LAB_DIR/doctor.txt"
assert_in_log '^  fault +link +inside: in0 is down$' "$LAB_DIR/doctor.txt"
assert_in_log '^ +ip link set dev in0 up$' "$LAB_DIR/doctor.txt"
assert_in_log '^1 fault, ' "$LAB_DIR/doctor.txt"
viaduct_stop
