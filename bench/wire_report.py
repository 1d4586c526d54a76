# SPDX-License-Identifier: BSD-3-Clause
"""wire_report.py round FILE | closed FILE | latency PERCENT FILE: one line about a run of viaload.
wire_report.py median FILE...: the median of the rates found, messages per second.
wire_report.py summary FOLDER [FILE]: tables; FILE gets the same as JSON.

FOLDER holds what bench/wire.sh left there: limit-N.json, closed-N.json and latency-PERCENT.json
of viaload, and worker-PERCENT.json, what `viactl status` said behind the latter.
"""

import glob
import json
import os
import statistics
import sys

PERCENTILES = ["p50", "p90", "p99", "p99.9", "p99.99", "max"]
NOTES = [
    "The worker of viaduct spins on the second core, viaload on the first; viaduct's control thread"
    " has no core to itself on a machine of two. Each message is one that the proxy received and"
    " sent: a call of seven messages counts seven.",
    "Open loop sends at a rate, whatever comes back, and so loses what a pause of the machine"
    " leaves no room for. Closed loop has as many calls under way as it may, and each sends on when"
    " its answer is there.",
    "Latency is from the time at which a message was due to be sent, by the clock, to the time at"
    " which viaload has it back. It contains both memifs and viaload's own turn between looks at"
    " them: an upper bound for what the proxy adds.",
    "Running: without the messages that were due while viaload's own core was taken away from it"
    " for over 50 us, or before it had met its schedule again (docs/viaload.md, Pauses). Pauses of"
    " the proxy's core, and of the host, are in it.",
    "Latency inside the worker is its own account (`viactl status`): from the burst it took off the"
    " device to the burst it put there, for each message. It does not hold the wait in the device's"
    " queue, nor any pause of the machine but those that hit the worker.",
]


def read(path):
    with open(path, encoding="ascii") as f:
        return json.load(f)


def rate_of(result):
    return result["find_limit"]["rate"]


def percentile(result, name, kind="latency_ns"):
    """Microseconds."""
    return result["result"][kind]["percentiles"][name] / 1000


def mean_bytes(result):
    c = result["result"]["counters"]
    return round(c["sent_bytes"] / c["sent"]) if c["sent"] else 0


def show_round(path):
    r = read(path)
    print(
        "highest rate %.3f M/s, limited by the %s; %d trials"
        % (rate_of(r) / 1e6, r["find_limit"]["limited_by"], len(r["find_limit"]["trials"])),
        flush=True,
    )


def closed_rate(result):
    return result["result"]["received_rate"]


def show_closed(path):
    r = read(path)
    print(
        "closed loop %.3f M/s; loss %.1e" % (closed_rate(r) / 1e6, r["result"]["loss"]), flush=True
    )


def show_latency(percent, path):
    r = read(path)
    print(
        "at %s %%, %.3f M/s: %s us; while viaload ran, p99.9 %.1f us; loss %.1e"
        % (
            percent,
            r["result"]["sent_rate"] / 1e6,
            ", ".join("%s %.1f" % (p, percentile(r, p)) for p in PERCENTILES),
            percentile(r, "p99.9", "latency_ns_running"),
            r["result"]["loss"],
        ),
        flush=True,
    )


def median_row(name, label, rates):
    """A row of several runs: @rates in messages per second."""
    rates = [r / 1e6 for r in rates]
    return {
        "name": name,
        "label": label,
        "table": "rate",
        "unit": "M/s",
        "value": statistics.median(rates),
        "stat": "median",
        "min": min(rates),
        "max": max(rates),
        "n": len(rates),
    }


def limit_rows(limits):
    row = median_row(
        "memif_rate", "highest rate at loss under 1e-5", [rate_of(r) for r in limits]
    )
    if any(r["find_limit"]["limited_by"] == "generator" for r in limits):
        row["limit"] = "generator"
    yield row
    yield median_row(
        "generator_ceiling",
        "what viaload could have sent on its core",
        [r["result"]["ceiling"] for r in limits],
    )
    c = limits[0]["result"]
    yield {
        "name": "memif_calls",
        "label": "calls, registrations and queries at that rate",
        "table": "rate",
        "unit": "1/s",
        "value": c["call_rate"],
    }


def closed_rows(closed):
    row = median_row(
        "memif_closed", "saturated by a closed loop", [closed_rate(r) for r in closed]
    )
    if any(r["result"]["at_ceiling"] for r in closed):
        row["limit"] = "generator"
    yield row
    yield {
        "name": "memif_closed_lost",
        "label": "messages lost in all of these runs",
        "table": "rate",
        "unit": "messages",
        "value": sum(r["result"]["counters"]["lost"] for r in closed),
    }


def latency_rows(percent, r):
    for kind, column in (("latency_ns", "all"), ("latency_ns_running", "running")):
        for p in PERCENTILES:
            name = "latency_%s_%s_%d" % (column, p.replace(".", "_"), percent)
            if percent == 50 and p == "p99.9" and column == "running":
                name = "latency_p999"
            yield {
                "name": name,
                "label": p,
                "column": "at %d %%, %s" % (percent, column),
                "table": "latency",
                "unit": "us",
                "value": percentile(r, p, kind),
                "n": r["result"][kind]["count"],
            }
    c = r["result"]["counters"]
    yield {
        "name": "paused_%d" % percent,
        "label": "share of the time that viaload was stopped",
        "column": "at %d %%" % percent,
        "table": "paused",
        "unit": "%",
        "value": c["paused_ns"] / 1e7 / r["result"]["seconds"],
    }


def worker_rows(percent, status):
    for key, label in (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9")):
        yield {
            "name": "worker_latency_%s_%d" % (key, percent),
            "label": label,
            "column": "at %d %%" % percent,
            "table": "worker",
            "unit": "us",
            "value": status["latency_us"][key],
        }


def loss_series(limits):
    trials = sorted(
        ((t["sent_rate"] / 1e6, t["loss"]) for r in limits for t in r["find_limit"]["trials"])
    )
    return {
        "name": "loss",
        "label": "Loss against rate, every trial",
        "kind": "points",
        "x": {"name": "sent", "unit": "M/s", "scale": "linear", "values": [t[0] for t in trials]},
        "y": [{"name": "loss", "unit": "share", "values": [t[1] for t in trials]}],
    }


def latency_series(latencies):
    return {
        "name": "latency",
        "label": "Latency by percentile",
        "kind": "line",
        "y_scale": "log",
        "x": {"name": "percentile", "unit": "", "values": PERCENTILES},
        "y": [
            {
                "name": "at %d %%" % percent,
                "unit": "us",
                "values": [percentile(r, p) for p in PERCENTILES],
            }
            for percent, r in latencies.items()
        ],
    }


def checks_of(limits, runs):
    wrong = sum(t["wrong"] for r in limits for t in r["find_limit"]["trials"])
    wrong += sum(r["verdict"]["wrong"] for r in runs)
    yield {"label": "wrong messages, all runs", "value": wrong, "want": 0, "ok": wrong == 0}


def summary(folder):
    limits = [read(p) for p in sorted(glob.glob(os.path.join(folder, "limit-*.json")))]
    closed = [read(p) for p in sorted(glob.glob(os.path.join(folder, "closed-*.json")))]
    latencies = {}
    for path in sorted(glob.glob(os.path.join(folder, "latency-*.json"))):
        latencies[int(path.rsplit("-", 1)[1][:-5])] = read(path)
    rows = list(limit_rows(limits)) + list(closed_rows(closed))
    for percent, r in latencies.items():
        rows += latency_rows(percent, r)
        rows += worker_rows(percent, read(os.path.join(folder, "worker-%d.json" % percent)))
    return {
        "settings": {
            "rounds": len(limits),
            "scenario": "mix",
            "distinct": limits[0]["plan"]["distinct"],
            "mean_bytes": mean_bytes(limits[0]),
            "hugepages": limits[0]["plan"]["hugepages"],
            "cores": "viaload 0, viaduct 1",
        },
        "tables": {
            "rate": "Highest rate over memif",
            "latency": "Latency over memif",
            "paused": "Pauses of viaload's own core",
            "worker": "Latency inside the worker",
        },
        "rows": rows,
        "series": [loss_series(limits), latency_series(latencies)],
        "checks": list(checks_of(limits, closed + list(latencies.values()))),
        "notes": NOTES,
    }


def show(out):
    for table, title in out["tables"].items():
        print("\n" + title)
        for r in out["rows"]:
            if r["table"] == table:
                print(
                    "  %-46s %-8s %10.2f %-4s %s"
                    % (
                        r["label"],
                        r.get("column", ""),
                        r["value"],
                        r["unit"],
                        "generator's limit" if r.get("limit") else "",
                    )
                )
    for c in out["checks"]:
        print("%s: %d%s" % (c["label"], c["value"], "" if c["ok"] else "  WRONG"))


def main(what, *args):
    if what == "round":
        show_round(*args)
    elif what == "closed":
        show_closed(*args)
    elif what == "latency":
        show_latency(*args)
    elif what == "median":
        print(int(statistics.median(rate_of(read(p)) for p in args)))
    else:
        out = summary(args[0])
        show(out)
        if len(args) > 1:
            with open(args[1], "w", encoding="ascii") as f:
                json.dump(out, f, indent=1)
                f.write("\n")
        return 0 if all(c["ok"] for c in out["checks"]) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
