# SPDX-License-Identifier: BSD-3-Clause
"""torture_tcp.py FOLDER TCP|TLS: the messages of RFC 4475 and RFC 5118 down connections.

Each is sent by a connection of its own, twice where the connection stays. Servers at all places
that the messages lead to, TCP and UDP, take what is forwarded and answer 200, which must come back
down the same connection, whatever the Via says (RFC 3261 18.2.2). A stream changes what is wanted:
where the end of a message cannot be told there is a 400 and the connection closes (18.3); where
there is too little of it, it closes after a while; octets behind a message are the next one.
"""

import sys
import time

from corpus import *
from farlab import Far, Peer
from tlslab import *

MESSAGE_TIME = 2  # seconds, streams.message_time of the configuration
TIMER_K = 5  # seconds that a transaction over UDP stays after its answer
ROUTER = "10.2.0.200", "2001:db8::10", "2001:db8::10:5070", "2001:db8::c000:201"
PLACES = [(NS_S, a, 5060) for a in SERVERS[4] + list(ROUTER)]
PLACES += [(NS_S, "2001:db8::10", 5070), (NS_P, "127.0.0.1", 5080)]
MUTE = "127.0.0.1"  # answers from loopback do not reach a device
REFUSED = "REJ 400"
VARIANTS = (  # expect.md; those with our Via are in responses()
    ("baddn.with-blank-line", ["REJ 400"]),
    ("badbranch.no-branch", ["FWD"]),
    ("badbranch.empty-value", ["REJ 400", "FWD"]),
    ("badbranch.upper-cookie", ["FWD"]),
    ("scalar02.only-max-forwards-300", ["FWD", "REJ 400"]),
    ("scalar02.only-expires", ["FWD"]),
    ("scalar02.only-cseq-2e31", ["FWD"]),
    ("scalar02.only-cseq-2e32-1", ["FWD"]),
    ("scalar02.only-cseq-2e32", ["REJ 400"]),
    ("scalar02.only-cseq-2e65", ["REJ 400"]),
    ("mcl01.same-value-twice", ["REJ 400", "FWD"]),
)


class Tester:
    """One connection of a caller."""

    def __init__(self, family, context):
        to = OUT[family], 5061 if context else 5060
        self.peer = Peer(connect(to, context, source=CALLER[family]).sock)

    def outcome(self, far, raw, expected, wait):
        """The verdicts on what was sent, at most @wait seconds; [("DROP", b"")] if there is none.
        Forwarded requests are answered, and the answers must come back."""
        self.peer.send(raw)
        results, owed, end = [], 0, time.monotonic() + wait
        while time.monotonic() < end and (owed or len(results) < expected or not expected):
            if self.peer.over:
                break
            for where, m in far.ready([self.peer]):
                if where is not self.peer:
                    results.append(("FWD", m))
                    if where is None:
                        continue
                    owed += 1
                    where(response(Sip(m), extra=["Server: far"]))
                elif m.startswith(b"SIP/2.0 100 "):
                    continue
                elif b"\r\nServer: far\r\n" in m:
                    owed -= 1
                else:
                    results.append(("REJ %d" % Sip(m).status, m))
        if owed:
            results.append(("the server's answer did not come back", b""))
        return results or [("DROP", b"")]

    def closes(self, far, wait):
        end = time.monotonic() + wait
        while not self.peer.over and time.monotonic() < end:
            for _ in far.ready([self.peer]):
                pass
        return self.peer.over


def framed(raw):
    """What a stream makes of bytes: (first message, rest, "next"), or (all, b"", why not)."""
    raw = raw.lstrip(b"\r\n")
    head, end, body = raw.partition(b"\r\n\r\n")
    if b" SIP/" not in raw.split(b"\r\n")[0] and not raw.startswith(b"SIP/"):
        return raw, b"", "silent"
    stated = set(stated_length(head + end))
    if not end:
        return raw, b"", "waits"
    if len(stated) != 1 or not next(iter(stated)).strip().isdigit():
        return raw, b"", "broken"
    length = int(next(iter(stated)))
    if length > len(body):
        return raw, b"", "waits"
    return head + end + body[:length], body[length:], "next"


def judge(far, raw, family, context, allowed):
    """What is wrong, or None."""
    tester = Tester(family, context)
    first, rest, what = framed(raw)
    answerable = not raw.startswith(b"SIP/")
    if what != "next":
        allowed = {"waits": ["DROP", REFUSED], "silent": ["DROP"]}.get(
            what, [REFUSED if answerable else "DROP"]
        )
    quiet = allowed == ["DROP"] or what == "waits"
    got = tester.outcome(far, first, not quiet, SILENCE if quiet else WAIT)
    if len(got) != 1 or got[0][0] not in allowed:
        return "%s, allowed %s" % ([g[0] for g in got], " or ".join(allowed))
    verdict, out = got[0]
    why = faithful(first, out) if verdict == "FWD" else None
    if why:
        return "forwarded, but " + why
    if what != "next":
        late = MESSAGE_TIME + WAIT
        return None if tester.closes(far, late) else "the connection should close"
    if rest:
        return after(far, tester, rest)
    if verdict == "FWD" and Sip(out).members("via")[0].startswith("SIP/2.0/UDP "):
        return None  # a transaction has it now
    if tester.outcome(far, raw, not quiet, SILENCE if quiet else WAIT) != got:
        return "not the same twice"
    return None if not tester.closes(far, 0) else "the connection should stay"


def after(far, tester, rest):
    """The octets behind a message are another message, or no SIP."""
    m, rest, what = framed(rest)
    if what == "silent":
        tester.peer.send(m)
        return None if tester.closes(far, WAIT) else "the connection should close after no SIP"
    got = tester.outcome(far, m, 1, WAIT)
    if [g[0] for g in got] != ["FWD"]:
        return "the second message: %s" % [g[0] for g in got]
    return after(far, tester, rest) if rest else None


def serves(family, context):
    """What is wrong if a good OPTIONS on a new connection gets no 200."""
    s = connect((OUT[family], 5061 if context else 5060), context, source=CALLER[family])
    at = "%s:5060" % host(CALLER[family])
    way = via("TLS" if context else "TCP", at)
    s.send(request("OPTIONS", "sip:" + host(OUT[family]), way, family=family))
    got = s.message()
    s.close()
    return None if got and got.status == 200 else "no OPTIONS is answered after it"


def responses(far, folder, context):
    """Responses with our Via on top, from the server that got the request, to whose connection they
    belong: (name, what is wrong)."""
    for name, allowed in ("unreason", 1), ("noreason", 1), ("scalarlg", 0), ("bigcode", 0):
        template = read("%s/rfc4475-variants/%s.with-lb-via.tmpl" % (folder, name))
        start, _, rest = template.split(b"\r\n", 2)
        tester = Tester(4, context)
        tester.peer.send(request(via=[rest.split(b"\r\n", 1)[0][5:].decode()]))
        reply, end = None, time.monotonic() + WAIT
        while reply is None and time.monotonic() < end:
            for where, m in far.ready([tester.peer]):
                reply, ours = where, Sip(m).members("via")[0].encode()
        check(reply is not None, "the request that a response is made for was not forwarded")
        reply(start + b"\r\nVia: " + ours + b"\r\n" + rest)
        got, end = [], time.monotonic() + (WAIT if allowed else SILENCE)
        while time.monotonic() < end and len(got) < (allowed or 1):
            got += [m for where, m in far.ready([tester.peer]) if where is tester.peer]
        wanted = [start + b"\r\n" + rest] if allowed else []
        yield name, None if got == wanted else "with our Via: %r" % got


def main(folder, transport):
    far, faults, count = Far(PLACES, MUTE), [], 0
    context = client_context("ca") if transport == "TLS" else None
    all_of_them = list(cases(folder, over_udp=False))
    for name, allowed in VARIANTS:
        raw = read("%s/rfc4475-variants/%s.dat" % (folder, name))
        all_of_them.append((name, raw, 4, allowed))
    for name, raw, family, allowed in all_of_them:
        count += 1
        if name.endswith("ipv6-correct-abnf-2-colons"):
            time.sleep(TIMER_K + 0.5)  # the same branch as the message before it
        wrong = judge(far, raw, family, context, allowed) or serves(family, context)
        if wrong:
            faults.append("%s: %s" % (name, wrong))
    for name, wrong in responses(far, folder, context):
        count += 1
        if wrong:
            faults.append("%s: %s" % (name, wrong))
    print("%d messages by %s, %d wrong verdicts" % (count, transport, len(faults)))
    check(not faults, "\n  ".join(["wrong:"] + faults))


main(*sys.argv[1:])
