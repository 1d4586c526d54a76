# SPDX-License-Identifier: BSD-3-Clause
"""What each path spends its time on, from the results: a table of docs/performance.md."""

import statistics

import store


def values(results, part, prefix, suffix):
    rows = (store.measured(results, part) or {}).get("rows", [])
    return [r["value"] for r in rows
            if r["name"].startswith(prefix) and r["name"].endswith(suffix)]


def core(results):
    warm = store.value(results, "core", "all.warm")
    kinds = values(results, "core", "kind.", ".warm")
    if not warm or not kinds:
        return None
    alone = statistics.mean(kinds)
    return (f"{store.number(warm)} ns for a message of the mix, {store.number(alone)} ns on "
            "average if the kinds come one at a time: the difference are branches that nobody can "
            "foresee, the rest is instructions")


def pcap(results):
    whole = store.value(results, "wire", "plane.net_pcap")
    copy = store.value(results, "wire", "plane.net_pcap_copy")
    sip = store.value(results, "wire", "plane.stage.sip")
    if not whole or not copy or not sip:
        return None
    return (f"{store.number(whole)} ns: {store.number(sip)} the core, {store.number(copy)} the "
            "devices with their copy of each frame, what is left Ethernet, IP, UDP, checksums and "
            "counters")


def memif(results):
    closed = store.value(results, "wire", "memif_closed")
    rate = store.value(results, "wire", "memif_rate")
    alone = store.value(results, "wire", "pcap_rate")
    if not closed or not rate or not alone:
        return None
    return (f"{store.number(closed)} M/s where callers wait for answers, "
            f"{store.number(100 * closed / alone)} % of what one process does: memif copies each "
            f"frame once in each direction. {store.number(rate)} M/s at a fixed rate: a pause of "
            "the machine that is longer than the ring loses messages")


def kernel(results, name):
    spent = store.value(results, "peers", name + "_cpu_saturated")
    warm = store.value(results, "core", "all.warm")
    if not spent or not warm:
        return None
    return (f"{store.number(spent)} us of processor time for a message when saturated, "
            f"{store.number(1000 * spent / warm)} times Viaduct's core")


def table(results):
    rows = (
        ("core", core(results)),
        ("one process, net_pcap", pcap(results)),
        ("memif", memif(results)),
        ("a NIC", "not measured here, for want of one: the core, descriptors in place of the copy, "
                  "cache misses that the prefetch hides; then the line rate of the port"),
        ("AF_XDP on veth", kernel(results, "viaduct_xdp")),
        ("AF_PACKET on veth", kernel(results, "viaduct_packet")),
        ("Kamailio on veth", kernel(results, "kamailio")),
        ("kernel sockets, no SIP at all", kernel(results, "kernel")),
    )
    lines = ["| path | what it spends |", "| --- | --- |"]
    lines += [f"| {path} | {text or '*not measured*'} |" for path, text in rows]
    return "\n".join(lines) + "\n"
