#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""workers.py [--json FILE]: what a second core adds.

plane_bench over net_pcap (no generator takes a core): alone on the first core, alone on the second,
then on both at once, in turns. Two processes of one worker each: workers of one process share
nothing that is written either, but the snapshot, which is only read.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 3
SECONDS = "1.5"


def start(program, core, path):
    return subprocess.Popen(
        [program, "--row", "net_pcap", "--seconds", SECONDS, "--cpu", str(core), "--json", path],
        stdout=subprocess.DEVNULL)


def rates(program, cores, folder):
    """M/s of plane_bench on each of the cores, all at once."""
    paths = [os.path.join(folder, f"{core}.json") for core in cores]
    runs = [start(program, core, path) for core, path in zip(cores, paths)]
    if any([run.wait() for run in runs]):
        raise SystemExit("plane_bench failed")
    found = []
    for path in paths:
        with open(path, encoding="utf-8") as f:
            found += [r["value"] for r in json.load(f)["rows"] if r["name"] == "pcap_rate"]
    return found


def row(name, label, values):
    return {"name": f"workers.{name}", "label": label, "table": "workers", "unit": "M/s",
            "value": statistics.median(values), "stat": "median", "min": min(values),
            "max": max(values), "n": len(values)}


def measure(program):
    one, two = [], []
    cores = [0, os.cpu_count() - 1]
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            one.append(statistics.mean(rates(program, [core], folder)[0] for core in cores))
            two.append(sum(rates(program, cores, folder)))
    more = [b / a for a, b in zip(one, two)]
    return {
        "tables": {"workers": "Cores"},
        "rows": [row("1", "one worker on one core, over net_pcap", one),
                 row("2", "two workers on two cores, over net_pcap", two)],
        "ratios": [{"name": "workers.ratio", "label": "two workers over one", "unit": "x",
                    "value": statistics.median(more), "median": statistics.median(more),
                    "spread": [min(more), max(more)], "n": ROUNDS}],
        "notes": ["Two workers are two processes of one worker each, at once; two workers of one "
                  "process would share no more than the snapshot, which nobody writes."],
    }


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--json")
    args = p.parse_args()
    if os.cpu_count() < 2:
        print("two cores are needed", file=sys.stderr)
        return 77
    result = measure(os.path.join(os.environ.get("VIADUCT_BUILD", "build"),
                                  "bench/plane/plane_bench"))
    for r in result["rows"]:
        print(f"{r['label']:<48} {r['value']:6.2f} M/s")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump(result, f)
    return 0


if __name__ == "__main__":
    sys.exit(main())
