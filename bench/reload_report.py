# SPDX-License-Identifier: BSD-3-Clause
"""reload_report.py FOLDER SWAPS [FILE]: what the load saw of SWAPS swaps; FILE gets it as JSON.

FOLDER holds peace.json and swaps.json of viaload, left there by bench/reload.sh.
"""

import json
import os
import sys

WANT_SWAPS = 100
WANT_MESSAGES = 2000000
PERCENTILES = ["p50", "p90", "p99", "p99.9", "p99.99", "max"]
COLUMNS = {"peace": "no swaps", "swaps": "100 swaps"}
NOTES = [
    "The control thread, which builds and swaps the tables, has no core to itself on a machine of"
    " two: what it needs, worker or viaload lack for a moment, and the latency shows it.",
]


def count(run, name):
    return run["result"]["counters"][name]


def row(name, label, unit, value, column=None):
    r = {"name": name, "label": label, "table": "swaps", "unit": unit, "value": value}
    if column:
        r.update(column=column, table="latency")
    return r


def rows_of(runs, swaps):
    yield row("messages", "messages sent in the run with swaps", "", count(runs["swaps"], "sent"))
    yield row("swaps", "swaps of the configuration", "", swaps)
    yield row("lost", "messages lost", "", count(runs["swaps"], "lost"))
    yield row(
        "lost_peace",
        "messages lost by the same load without swaps",
        "",
        count(runs["peace"], "lost"),
    )
    for kind, run in runs.items():
        for p in PERCENTILES:
            name = "latency_%s%s" % (p.replace(".", "_"), "" if kind == "swaps" else "_peace")
            value = run["result"]["latency_ns"]["percentiles"][p] / 1000
            yield row(name, p, "us", value, COLUMNS[kind])


def checks_of(runs, swaps):
    lost = count(runs["swaps"], "lost")
    sent = count(runs["swaps"], "sent")
    wrong = sum(run["verdict"]["wrong"] for run in runs.values())
    yield {"label": "swaps", "value": swaps, "want": WANT_SWAPS, "ok": swaps >= WANT_SWAPS}
    yield {"label": "messages", "value": sent, "want": WANT_MESSAGES, "ok": sent >= WANT_MESSAGES}
    yield {"label": "lost while swapping", "value": lost, "want": 0, "ok": lost == 0}
    yield {"label": "wrong messages", "value": wrong, "want": 0, "ok": wrong == 0}


def main(folder, swaps, path=None):
    runs = {}
    for name in COLUMNS:
        with open(os.path.join(folder, name + ".json"), encoding="ascii") as f:
            runs[name] = json.load(f)
    out = {
        "settings": {
            "rate": "%.0f messages/s" % runs["swaps"]["plan"]["rate"],
            "scenario": "mix",
            "swap": "every 90 ms, a different file each time",
        },
        "tables": {"swaps": "Swaps under load", "latency": "Latency over memif, us"},
        "rows": list(rows_of(runs, int(swaps))),
        "checks": list(checks_of(runs, int(swaps))),
        "notes": NOTES,
    }
    for r in out["rows"]:
        print("  %-46s %-10s %12.6g %s" % (r["label"], r.get("column", ""), r["value"], r["unit"]))
    for c in out["checks"]:
        if not c["ok"]:
            print("WRONG: %s: %s, not %s" % (c["label"], c["value"], c["want"]))
    if path:
        with open(path, "w", encoding="ascii") as f:
            json.dump(out, f, indent=1)
            f.write("\n")
    return 0 if all(c["ok"] for c in out["checks"]) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
