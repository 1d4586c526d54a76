# SPDX-License-Identifier: BSD-3-Clause
"""calls_kept.py CAPTURE CALLS: what the servers' side of the wire shows about a run of calls.

Every request of a call came to one server; CANCEL, and the ACK to a failed INVITE, came with the
branch of their INVITE; every server had its part of the calls.
"""

import collections
import sys

import packets
import siplab


def main(path, calls):
    servers = collections.defaultdict(set)  # Call-ID -> servers that got requests of it
    branches = collections.defaultdict(
        set
    )  # Call-ID, CSeq number -> branches of INVITE, CANCEL, ACK to a non-2xx
    accepted = set()  # Call-ID, CSeq number of INVITEs that were answered 2xx
    known = set(siplab.SERVERS[4] + siplab.SERVERS[6])
    for source, target, m in packets.pcap_sip(path):
        call, (number, method) = m.one("call-id"), m.one("cseq").split()
        transaction = call, number
        if m.status and method == "INVITE" and 200 <= m.status < 300:
            accepted.add(transaction)
        if not m.status and target in known:
            servers[call].add(target)
            if method in ("INVITE", "CANCEL", "ACK") and not (
                method == "ACK" and transaction in accepted
            ):
                branches[transaction].add(m.param("via", "branch"))
    siplab.equal(len(servers), calls, "calls seen at the servers")
    for call, seen in servers.items():
        siplab.equal(
            len(seen), 1, "call %s was at the servers %s; number of them" % (call, sorted(seen))
        )
    for transaction, seen in branches.items():
        siplab.equal(
            len(seen),
            1,
            "transaction %s has the branches %s; number of them" % (transaction, seen),
        )
    all_of_them = max(len(siplab.SERVERS[4]), len(siplab.SERVERS[6]))
    siplab.equal(
        len(set().union(*servers.values())),
        all_of_them if calls >= 30 else 1,
        "servers that took part",
    )


main(sys.argv[1], int(sys.argv[2]))
