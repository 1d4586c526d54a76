#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""streams_report.py FOLDER IDLE KIB [JSON]: what bench/streams.sh measured, for people and as JSON.
IDLE connections took KIB more of memory."""

import glob
import json
import statistics
import sys

folder, idle, kib = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def load(name):
    with open(f"{folder}/{name}.json", encoding="utf-8") as f:
        return json.load(f)


udp = {}
with open(f"{folder}/udp", encoding="utf-8") as f:
    for line in f:
        name, messages, ns = line.split()
        udp.setdefault(name, []).append(int(messages) / int(ns) * 1e3)  # M/s
tcp = [load(path.rsplit("/", 1)[1][:-5]) for path in sorted(glob.glob(f"{folder}/tcp-*.json"))]
most, idling = load("most"), load("idle")
ratios = [a / b for a, b in zip(udp["tcp"], udp["direct"])]


def row(name, label, unit, values, **more):
    return {"name": name, "label": label, "unit": unit, "value": statistics.median(values),
            "stat": "median", "min": min(values), "max": max(values), "n": len(values), **more}


rows = [
    row("udp_quiet", "UDP, nothing on the other CPU", "M/s", udp["quiet"]),
    row("udp_direct", "UDP, the same TCP load beside viaduct", "M/s", udp["direct"]),
    row("udp_tcp", "UDP, TCP load through viaduct", "M/s", udp["tcp"]),
    row("tcp_rate", "TCP messages relayed at the asked rate", "1/s",
        [x["messages_per_s"] for x in tcp]),
    row("tcp_p99", "TCP, request to response, p99", "ms", [x["p99_ms"] for x in tcp]),
    row("tcp_most", "TCP messages relayed at most, 64 connections", "1/s",
        [most["messages_per_s"]], note="callers, server and control thread share one CPU"),
    row("idle_bytes", f"memory of one idle connection, of {idle}", "bytes", [kib * 1024 / idle]),
]
wrong = sum(x["wrong"] + x["lost"] for x in tcp + [most, idling])
result = {
    "rows": rows,
    "ratios": [{"name": "udp_beside_tcp", "unit": "x", "value": statistics.median(ratios),
                "label": "UDP rate beside 50,000 TCP messages a second, against the same load "
                         "without viaduct in its path",
                "spread": [min(ratios), max(ratios)], "n": len(ratios)}],
    "checks": [{"label": "TCP messages lost or wrong", "value": wrong, "want": 0,
                "ok": wrong == 0},
               {"label": "idle connections lost", "value": idling["idle_lost"], "want": 0,
                "ok": idling["idle_lost"] == 0}],
    "settings": {"rounds": len(ratios), "idle connections": idle},
    "notes": ["The worker has one CPU; control thread, callers and server share the other."],
}
for item in rows + result["ratios"]:
    print(f"  {item['label']:<72} {item['value']:12.3f} {item['unit']}")
if len(sys.argv) > 4:
    with open(sys.argv[4], "w", encoding="utf-8") as f:
        json.dump(result, f)
