#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# NICs that DPDK has to itself (pci:), in a virtual machine: a virtio device by uio, with two
# queues, and an e1000e by vfio behind an IOMMU. The doctor finds them with other drivers or none;
# the commands that it names, run as they stand, mend that. Then SIP, ping and neighbours pass
# between the devices, over IPv4 and IPv6, and what was damaged on the way does not.
#
#   caller 10.1.0.1 --- net1 [virtio "outside" | guest: viaduct | e1000e "inside"] net0 --- servers
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/guest.sh"

need qemu-system-x86_64 busybox socat sipp sipsak
guest_kernel
guest_lab
lab_secret
mkdir -p "$LAB_DIR/guest/etc"
cp "$LAB_DIR/secret" "$LAB_DIR/guest/etc/secret"
{
	cat <<-'END'
		node: guest
		workers: 2
		hugepages: on
		secret: "file:/etc/secret"
		control: {socket: /run/control.sock, http: "127.0.0.1:9460"}
		domains: [example.com]
		interfaces:
		  - name: outside
		    device: "pci:00:04.0"
		    addresses: ["10.1.0.10/24", "fd01::10/64"]
		  - name: inside
		    device: "pci:0000:00:03.0"
		    addresses: ["10.2.0.10/24", "fd02::10/64"]
		    mtu: 4000
		pools:
	END
	lab_pool core "${SRV4[@]}"
	lab_pool core6 "${SRV6[@]}"
	echo 'routes:'
	echo '  - {match: {source: "fd01::/64"}, pool: core6}'
	echo '  - {pool: core}'
} >"$LAB_DIR/guest/etc/viaduct.yaml"
in_servers ip link set net0 mtu 4000
guest_image "$LAB_DIR/guest.img"
virtio=addr=4,mq=on,vectors=6,rss=on
guest_start "$LAB_DIR/guest.img" "$NS_S" -device intel-iommu,intremap=on \
	-netdev tap,id=in0,ifname=net0,script=no,downscript=no \
	-device e1000e,id=inside,netdev=in0,mac=02:00:00:00:00:01,addr=3 \
	-netdev tap,id=out0,ifname=net1,script=no,downscript=no,queues=2 \
	-device "virtio-net-pci,id=outside,netdev=out0,mac=02:00:00:00:00:02,$virtio"

# report [FILTER]: findings of $LAB_DIR/doctor.json, "status id subject" in each line; with FILTER
# "mend", the commands that mend its faults.
report() {
	"$PYTHON" -c '
import json, sys
for c in json.load(open(sys.argv[1]))["checks"]:
    if sys.argv[2:] == ["mend"]:
        if c["status"] == "fault":
            print(c["mend"])
    else:
        print(c["status"], c["id"], c["subject"] or "-")' "$LAB_DIR/doctor.json" "$@"
}

# doctor COMMAND STATUS: what it says in the guest, as JSON.
doctor() {
	local status=0
	in_guest "$1" >"$LAB_DIR/doctor.json" || status=$?
	assert_eq "$status" "$2" "status of $1 ($(head -c 2000 "$LAB_DIR/doctor.json"))"
}

finding() { report | grep -Fx "$1" >/dev/null || fail "the doctor does not say '$1': $(report)"; }

# --- the doctor, and what it prescribes ----------------------------------------------------------

before='viaduct --doctor --json --config /etc/viaduct.yaml'
doctor "$before" 1
finding 'fault hugepages -'
finding 'fault driver outside'
finding 'fault driver inside'
report mend >"$LAB_DIR/mend"
while IFS= read -r command; do
	in_guest "$command" || fail "the doctor's command fails: $command"
done <"$LAB_DIR/mend"
doctor "$before" 0
finding 'ok hugepages -'
finding 'ok driver outside'
finding 'ok driver inside'
finding 'note iommu outside'
finding 'ok iommu inside'

# --- the daemon ----------------------------------------------------------------------------------

ctl_guest() { in_guest "viactl --color never --socket /run/control.sock $*"; }

in_guest '(viaduct --config /etc/viaduct.yaml; echo $? >/run/status) >/dev/console 2>&1 &'
guest_wait 'viactl --socket /run/control.sock status' || fail "viaduct does not run in the guest"
# The links come up a while after the devices.
status_fits() {
	ctl_guest --json status >"$LAB_DIR/status.json"
	"$PYTHON" - "$LAB_DIR/status.json" <<-'PYTHON'
		import json, sys

		status = json.load(open(sys.argv[1]))
		got = {i["name"]: i for i in status["interfaces"]}
		for name, speed, mtu in ("outside", None, 1500), ("inside", 1000, 4000):
		    if not got[name]["up"] or got[name]["mtu"] != mtu or got[name]["queues"] != 2:
		        sys.exit("interface %s: %r" % (name, got[name]))
		    if speed and got[name].get("speed") != speed:
		        sys.exit("speed of %s: %r" % (name, got[name]))
		if len(status["listeners"]) != 4:
		    sys.exit("listeners: %r" % status["listeners"])
	PYTHON
}
wait_until 60 status_fits || fail "$(status_fits 2>&1)"
doctor 'viactl --json --socket /run/control.sock doctor' 0
finding 'ok link outside'
finding 'ok queues outside'

# The spreading over its queues was asked of the device, not left to chance.
guest_monitor 'info virtio-status /machine/peripheral/outside/virtio-backend' |
	sed -n '/Guest features:/,/Host features:/p' | grep VIRTIO_NET_F_RSS >/dev/null ||
	fail "the virtio device has no RSS"

# --- traffic -------------------------------------------------------------------------------------

for address in $OUT4 $OUT6 $IN4 $IN6; do
	in_servers ping -c 1 -W 5 "$address" >/dev/null ||
		fail "Linux in the guest does not answer at $address"
done
in_caller sipsak -s "sip:$OUT4" >"$LAB_DIR/sipsak.out" 2>&1 ||
	fail "sipsak: $(cat "$LAB_DIR/sipsak.out")"

sipp_servers 4 call_uas
sipp_calls c1 "$CALLER4" "$OUT4" call_uac 40 20 || true
sipp_servers_stop
assert_calls c1 40

check_python <<'PYTHON'
from packets import *
from siplab import *

for family in 4, 6:
    lab = Lab(family)
    via = ["SIP/2.0/UDP %s:5060;branch=%s" % (host(CALLER[family]), branch())]

    def message(body):
        return request(family=family, via=via, body=body)

    # Whole, and in fragments, both ways; 3000 bytes are whole inside and fragments outside.
    for size in 600, 1300, 3000, 20000:
        raw = sized(message, size)
        at, got = lab.forwarded(raw, "request of %d bytes over IPv%d" % (size, family))
        check(got.body == Sip(raw).body, "the body of a request of %d bytes changed" % size)
        lab.reply(at, sized(lambda body: response(got, body=body), size))
        back = lab.at_caller()
        check(back is not None, "response of %d bytes did not come" % size)

    # A datagram damaged on the way is dropped, whoever verifies its checksum: one device does.
    for device, mac, source, target, at in (
        ("net1", b"\2\0\0\0\0\2", CALLER[family], OUT[family], lab.caller),
        ("net0", b"\2\0\0\0\0\1", SERVERS[family][0], IN[family], lab.servers[0]),
    ):
        me = ["SIP/2.0/UDP %s:5060;branch=%s" % (host(source), branch())]
        raw = request("OPTIONS", uri="sip:" + host(target), family=family, via=me)
        good = udp_header(source, 5060, target, 5060, raw)
        bad = good[:6] + struct.pack("!H", struct.unpack("!H", good[6:])[0] ^ 0x0101)
        wire = frames(NS_C, device)
        for header, arrives in (good, True), (bad, False):
            packet = ip_packet(source, target, 17, header + raw)
            wire.send(ethernet(mac, mac_of(NS_C, device), packet))
            got = receive([at], 3.0 if arrives else 0.5)
            what = "IPv%d by %s, checksum right: %r" % (family, device, arrives)
            check((got is not None) == arrives, what)
    lab.close()

# Callers with ports of their own: the device spreads them over its queues.
callers = [udp(NS_C, CALLER[4]) for _ in range(64)]
for s in callers:
    port = s.getsockname()[1]
    s.sendto(request("OPTIONS", uri="sip:" + OUT[4], port=port), (OUT[4], 5060))
    check(receive([s]) is not None, "no answer to OPTIONS from port %d" % port)
PYTHON

ctl_guest --json counters >"$LAB_DIR/counters.json"
in_guest 'wget -q -O - http://127.0.0.1:9460/metrics' >"$LAB_DIR/metrics"
"$PYTHON" - "$LAB_DIR/counters.json" "$LAB_DIR/metrics" <<'PYTHON' || exit 1
import json, re, sys

c = {x["name"]: x["value"] for x in json.load(open(sys.argv[1]))["counters"]}
if c.get("drop_udp_checksum") != 4:
    sys.exit("FAIL: drop_udp_checksum: %r" % c)
# Of each family: two responses outside, one request inside.
if not c.get("rx_reassembled") or c.get("tx_fragmented") != 6:
    sys.exit("FAIL: fragments: %r" % c)
options = re.findall(
    r'^viaduct_requests_total\{[^}]*worker="(\d)"[^}]*method="OPTIONS"[^}]*\} (\d+)',
    open(sys.argv[2]).read(),
    re.M,
)
if len(options) != 2 or min(int(n) for _, n in options) < 8:
    sys.exit("FAIL: OPTIONS by worker: %r" % options)
PYTHON

# --- the link ------------------------------------------------------------------------------------

guest_monitor 'set_link outside off' >/dev/null
doctor 'viactl --json --socket /run/control.sock doctor' 0
finding 'warning link outside'
finding 'ok link inside'
guest_wait 'viactl --socket /run/control.sock status | grep "outside has no link"' ||
	fail "no alarm about the link"
guest_monitor 'set_link outside on' >/dev/null
in_servers ping -c 3 -i 0.3 -W 5 "$OUT4" >/dev/null || fail "the link does not come back"

ctl_guest stop >/dev/null
guest_wait '[ -s /run/status ]' || fail "viaduct does not stop"
assert_eq "$(in_guest 'cat /run/status')" 0 'exit status of viaduct in the guest'
doctor "$before" 0
