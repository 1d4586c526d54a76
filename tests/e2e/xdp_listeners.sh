#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Which datagrams an xdp: interface gives to workers follows the listeners of the file, and what its
# program passes over still arrives: by Linux and the control thread.
#
#   caller 10.1.0.1, fd01::1 ---- out0 viaduct in0 ---- servers 10.2.0.11 ..., fd02::11 ...
. "$(dirname "$0")/../lib/e2e.sh"
LAB_DEVICE=xdp

lab_up
listeners='
listeners:
  - {name: ext, address: "10.1.0.10:5060", transports: [udp]}
  - {name: int, address: "10.2.0.10:5060", transports: [udp]}
  - {name: ext6, address: "[fd01::10]:5060", transports: [udp]}
  - {name: int6, address: "[fd02::10]:5060", transports: [udp]}'
lab_config 46 <<<"$listeners"
viaduct_start
cat >>"$LAB_DIR/second.yaml" <<-YAML
	$(cat "$LAB_DIR/viaduct.yaml")
	  - {name: more, address: "10.1.0.10:5070", transports: [udp]}
YAML
export VIADUCT_PID VIACTL
check_python <<'PYTHON'
import json
import shutil
import subprocess

from packets import *
from siplab import *

DIR = ENV["LAB_DIR"]


def ctl(*arguments):
    return subprocess.run(
        [ENV["VIACTL"], "--json", "--socket", DIR + "/control.sock", *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def by_linux():
    """SIP datagrams that took the slow way so far."""
    counters = json.loads(ctl("counters", "--all"))["counters"]
    return next(c["value"] for c in counters if c["name"] == "rx_by_linux")


def use(name):
    shutil.copy(DIR + "/" + name, DIR + "/viaduct.yaml")
    ctl("reload")


def refused(port):
    """Whether Linux says that nobody is there."""
    with Netns(NS_C):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(WAIT)
    s.connect((OUT[4], port))
    s.send(request())
    try:
        s.recv(100)
    except ConnectionRefusedError:
        return True
    except socket.timeout:
        pass
    return False


lab = Lab(4)
shutil.copy(DIR + "/viaduct.yaml", DIR + "/first.yaml")
check(refused(5070), "port 5070 should be nobody's before the reload")
use("second.yaml")
lab.proxy = (OUT[4], 5070)
for _ in range(20):
    lab.forwarded(request(), "a request to the new listener")
equal(by_linux(), 0, "requests to the new listener that took the slow way")
use("first.yaml")
check(refused(5070), "port 5070 should be nobody's after the listener was removed")
lab.proxy = (OUT[4], 5060)
lab.forwarded(request(), "a request to a listener that stayed")
equal(by_linux(), 0, "requests that took the slow way")
lab.close()

# Nine extension headers: more than the program follows, so Linux reads them.
lab = Lab(6)
wire = frames(NS_C, "net0")
headers = b"".join(bytes([60 if i < 8 else 17, 0, 1, 4, 0, 0, 0, 0]) for i in range(9))
raw = request(family=6)
datagram = udp_header(CALLER[6], 5060, OUT[6], 5060, raw) + raw
packet = bytearray(ip_packet(CALLER[6], OUT[6], 60, headers + datagram))
wire.send(ethernet(mac_of(NS_P, "out0"), mac_of(NS_C, "net0"), bytes(packet)))
check(lab.at_server() is not None, "a request behind nine headers did not arrive")
equal(by_linux(), 1, "requests that took the slow way")

# Fragments in order go to the worker, others to Linux: both arrive, once.
raw = request(family=6, body=b"z" * 3000)
datagram = udp_header(CALLER[6], 5060, OUT[6], 5060, raw) + raw
for ident, order, slow in (1001, 1, 0), (1002, -1, 1):
    before = by_linux()
    cuts = [0, 1400, 2800, len(datagram)]
    parts = [
        ip_packet(CALLER[6], OUT[6], 17, datagram[a:b], b != len(datagram), a, ident)
        for a, b in zip(cuts, cuts[1:])
    ]
    for part in parts[::order]:
        wire.send(ethernet(mac_of(NS_P, "out0"), mac_of(NS_C, "net0"), part))
    got = lab.at_server()
    check(got is not None and got[1].body == b"z" * 3000, "fragments, order %d" % order)
    equal(by_linux() - before, slow, "datagrams that took the slow way, order %d" % order)
    lab.silent("the message came twice")

# Fragments of what is not SIP are Linux's, though they are for an address of ours.
with Netns(NS_P):
    other = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
other.bind((OUT[6], 4500))
sender = udp(NS_C, CALLER[6], 4500)
for size in 3000, 30000:
    sender.sendto(b"q" * size, (OUT[6], 4500))
    got = receive([other])
    check(got is not None and len(got[1]) == size, "%d bytes for another program" % size)
lab.close()
PYTHON
viaduct_stop
