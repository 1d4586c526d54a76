# SPDX-License-Identifier: BSD-3-Clause
"""tls_calls.py CALLS CONNECTIONS: calls by TLS through the proxy, one after the other on each
connection. Prints how many completed, how many did not, and the seconds that they took."""

import sys
import threading
import time

from tlslab import *

calls, connections = int(sys.argv[1]), int(sys.argv[2])
proxy = (ENV["OUT4"], 5061)
trust = client_context("ca")
trust.check_hostname = True
done, failed = [], []


def answer(stream, cseq):
    """The final response to the request with this CSeq."""
    while True:
        m = stream.message()
        if m is None or (m.status >= 200 and m.one("cseq") == cseq):
            return m


def one_call(stream, at):
    call = call_id()

    def send(method, cseq, uri=None, tag=None, routes=()):
        stream.send(request(method, uri, via("TLS", at), tag, call, cseq, extra=routes))

    send("INVITE", 1)
    ok = answer(stream, "1 INVITE")
    if ok is None or ok.status != 200:
        return False
    contact = ok.one("contact")
    uri = contact[contact.index("<") + 1 : contact.index(">")]
    routes = ["Route: " + r for r in ok.members("record-route")[::-1]]
    send("ACK", 1, uri, ok.param("to", "tag"), routes)
    send("BYE", 2, uri, ok.param("to", "tag"), routes)
    bye = answer(stream, "2 BYE")
    return bye is not None and bye.status == 200


def caller(n):
    stream = connect(proxy, trust, "example.com")
    at = "%s:%d" % stream.sock.getsockname()[:2]
    for _ in range(n):
        (done if one_call(stream, at) else failed).append(1)


begin = time.monotonic()
each = calls // connections
threads = [threading.Thread(target=caller, args=(each,)) for _ in range(connections)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(done), calls - len(done), "%.1f" % (time.monotonic() - begin))
