#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""goals.py [FOLDER]: the speed to reach, beside what the results in FOLDER (bench/results) say.

The limits stand here and nowhere else. A result fills a line by giving a row or a ratio the name
of the goal. Exit status 1 if a limit of the column "must" is missed or a figure is missing.
"""

import os
import sys

import store


class Goal:
    def __init__(self, part, name, label, unit, lower, limits):
        self.part, self.name, self.label, self.unit = part, name, label, unit
        self.lower = lower  # lower is better
        self.limits = limits  # must, target, stretch; None = not stated

    def meets(self, value, limit):
        return value <= limit if self.lower else value >= limit

    def verdict(self, value):
        """The highest column that the figure reaches."""
        if value is None:
            return "not measured"
        for name, limit in reversed(list(zip(("must", "target", "stretch"), self.limits))):
            if limit is not None and self.meets(value, limit):
                return name
        return "missed"


GOALS = (
    Goal("core", "core_vs_headers", "core, warm, over the reference header split of the same run",
         "x", True, (1.25, 1.0, 0.7)),
    Goal("wire", "pcap_rate", "one process with net_pcap, one core", "M/s", False, (4, 5, 7)),
    Goal("wire", "memif_best", "over memif with viaload, loss under 1e-5, open or closed loop",
         "M/s", False, (3, 4, 5.5)),
    Goal("peers", "memif_vs_kamailio", "over memif, over Kamailio's saturated rate on a veth", "x",
         False, (25, 35, 50)),
    Goal("peers", "afpacket_cpu", "processor time for a message on one veth: Kamailio over "
         "Viaduct with AF_PACKET", "x", False, (3, 4, None)),
    Goal("core", "cold_vs_warm", "core from DRAM over warm", "x", True, (1.3, 1.1, 1.05)),
    Goal("wire", "latency_p999", "latency added over memif at half load, p99.9, while viaload ran",
         "us", True, (100, 50, 20)),
)


def memif_best(results):
    """The higher of the rates that were reached without more loss than 1e-5."""
    rate = store.figure(results, "wire", "memif_rate")
    closed = store.figure(results, "wire", "memif_closed")
    lost = store.figure(results, "wire", "memif_closed_lost")
    if rate and closed and lost and lost["value"] == 0 and closed["value"] > rate["value"]:
        return closed
    return rate


def derived(results, name):
    """A figure that no part gives by itself."""
    if name == "memif_best":
        return memif_best(results)
    if name != "memif_vs_kamailio":
        return None
    rate = store.figure(results, "wire", "memif_rate")
    other = store.figure(results, "peers", "kamailio_saturated")
    if not rate or not other or not other["value"]:
        return None
    scale = {"M/s": 1e6, "k/s": 1e3}
    value = rate["value"] * scale.get(rate["unit"], 1)
    value /= other["value"] * scale.get(other["unit"], 1)
    return {"value": value, "unit": "x"}


def measured(results, goal):
    """The item that fills the line of @goal, or None."""
    item = store.figure(results, goal.part, goal.name) or derived(results, goal.name)
    return item if item and item.get("value") is not None else None


def lines(results):
    """(goal, item or None, verdict) of each line."""
    for goal in GOALS:
        item = measured(results, goal)
        yield goal, item, goal.verdict(item["value"] if item else None)


def limit_text(value):
    return "limit of AF_PACKET" if value is None else f"{value:g}"


def main():
    here = os.path.dirname(os.path.realpath(__file__))
    results = store.load(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "results"))
    worst = 0
    print(f"{'goal':<86} {'measured':>10} {'must':>8} {'target':>8} {'stretch':>8}  reached")
    for goal, item, verdict in lines(results):
        value = store.number(item["value"]) + " " + goal.unit if item else "-"
        cells = [f"{v:g}" if v is not None else "-" for v in goal.limits]
        print(f"{goal.label:<86} {value:>10} {cells[0]:>8} {cells[1]:>8} {cells[2]:>8}  {verdict}")
        worst = max(worst, verdict in ("missed", "not measured"))
    return worst


if __name__ == "__main__":
    sys.exit(main())
