# SPDX-License-Identifier: BSD-3-Clause
"""The torture messages of RFC 4475 and RFC 5118, and what a forwarded one may differ in."""

import os

from siplab import *

CHANGED = "via", "v", "max-forwards", "record-route", "route", "content-length", "l"


def read(path):
    with open(path, "rb") as f:
        return f.read()


def cases(folder, over_udp):
    """(name, bytes, family, allowed verdicts) by expect.tsv. over_udp: those that name TCP in their
    top Via in the form that names UDP."""
    with open(folder + "/expect.tsv", encoding="ascii") as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    for corpus, name, _, _, primary, also in rows:
        path = "%s/%s/%s" % (folder, corpus, name)
        variant = "%s/rfc4475-variants/udp-top-via/%s.dat" % (folder, name)
        if corpus == "rfc4475":
            path = variant if over_udp and os.path.exists(variant) else path + ".dat"
        family = 6 if "5118" in corpus else 4
        yield corpus + "/" + name, read(path), family, [primary] + ([also] if also else [])


def stated_length(raw):
    """The rows of Content-Length."""
    return [v for n, v in Sip(raw).rows if n.lower() in ("content-length", "l")]


def squeezed(rows):
    """Rows that a proxy leaves alone, runs of white space as one space."""
    return [(n.lower(), " ".join(v.split())) for n, v in rows if n.lower() not in CHANGED]


def faithful(raw, out):
    """Why a forwarded message is not the one received; None when it is."""
    a, b = Sip(raw), Sip(out)
    if squeezed(a.rows) != squeezed(b.rows):
        return "header lines changed"
    stated = stated_length(raw)
    body = a.body[: int(stated[0])] if stated else a.body
    if body != b.body:
        return "body changed"
    if not a.status and len(b.members("via")) != len(a.members("via")) + 1:
        return "not one Via more"
    return None
