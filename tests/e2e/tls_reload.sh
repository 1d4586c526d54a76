#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Certificates are replaced while calls run over TLS: no connection is lost, no request goes without
# its answer, those that stand keep the certificate that they began with, new ones get the new one.
#
#   40 callers by TLS, and new ones all the time -- viaduct -- servers by UDP (SIPp) and TLS
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tls.sh"
need sipp

lab_up
tls_ca ca
tls_cert ca proxy URI:sip:example.com 1
tls_cert ca server URI:sip:core.example 1
lab_config <<YAML
listeners:
  - {name: ext, address: "10.1.0.10:5060"}
  - {name: int, address: "10.2.0.10:5060"}
$(tls_listener tls 10.1.0.10:5061)
tls: {ca: $LAB_DIR/ca.pem}
YAML
sipp_servers 4 options_uas
viaduct_start
export VIACTL TOP
check_python <<'PYTHON'
import subprocess
import time

from tlslab import *

trust = client_context("ca")
to = ("10.1.0.10", 5061)
RENEW = """. "$1/tests/lib/assert.sh"
. "$1/tests/lib/tls.sh"
tls_cert ca proxy URI:sip:example.com %d"""
RELOAD = [ENV["VIACTL"], "--socket", DIR + "control.sock", "reload"]
stop = threading.Event()
lost, seen, answered = [], [], [0]


def ask(c, n):
    """One request, its answer."""
    raw = request("OPTIONS", "sip:%d@example.com" % n, via("TLS", "10.1.0.1:7000"))
    c.send(raw)
    m = c.message(8)
    if m is None or m.status != 200 or m.one("call-id") != Sip(raw).one("call-id"):
        lost.append((n, m and m.start))
        return False
    answered[0] += 1
    return True


def stays(n):
    """A caller that keeps its connection."""
    c = connect(to, trust)
    first = c.serial()
    while not stop.is_set() and ask(c, n):
        time.sleep(0.01)
    equal(c.serial(), first, "serial of a connection that stood")
    seen.append(("stays", first))


def comes_and_goes():
    while not stop.is_set():
        c = connect(to, trust)
        if ask(c, 99):
            seen.append(("comes", c.serial()))
        c.close()


threads = [threading.Thread(target=stays, args=(n,)) for n in range(40)]
threads += [threading.Thread(target=comes_and_goes) for _ in range(2)]
for t in threads:
    t.start()
time.sleep(1)
for serial in range(2, 7):
    subprocess.run(["bash", "-c", RENEW % serial, "-", ENV["TOP"]], check=True)
    subprocess.run(RELOAD, check=True, stdout=subprocess.DEVNULL)
    c = connect(to, trust)
    equal(c.serial(), serial, "serial that a new connection sees")
    check(ask(c, 100), "a new connection is not served")
    c.close()
    time.sleep(0.3)
stop.set()
for t in threads:
    t.join()
equal(lost, [], "requests without their answer")
stayed = [s for what, s in seen if what == "stays"]
equal(stayed, [1] * 40, "serials of the connections that stood")
came = [s for what, s in seen if what == "comes"]
check(set(came) >= {1, 6}, "serials of new connections: %s" % sorted(set(came)))
check(answered[0] > 1000, "only %d requests were answered" % answered[0])
print("%d requests answered, %d connections beside the 40 that stood" % (answered[0], len(came)))
PYTHON
lab_balance
viaduct_stop
