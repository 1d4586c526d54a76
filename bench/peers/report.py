# SPDX-License-Identifier: BSD-3-Clause
"""report.py line NAME FILE: one line about one forwarder in one round.
report.py middle FILE...: the one with the median rate.
report.py summary FOLDER [FILE]: tables over all rounds; FILE gets the same as JSON.

FOLDER holds what bench/peers.sh left there: ROUND-NAME.json of veth_load (or of viaload, for memif)
and NAME.skipped with the reason. Ratios are made within a round, then the median of the rounds is
taken: the clock of the machine drifts from round to round, not between neighbours in one.
"""

import glob
import json
import os
import statistics
import sys

NAMES = {
    "kernel": "kernel, no SIP (recvmmsg, sendmmsg)",
    "kamailio": "Kamailio, forward()",
    "dispatcher": "Kamailio, dispatcher by Call-ID",
    "viaduct_packet": "viaduct, AF_PACKET",
    "viaduct_xdp": "viaduct, AF_XDP",
    "memif": "viaduct, memif",
}
PREFIX = {"dispatcher": "kamailio_dispatcher", "memif": "memif"}
LOSS = 1e-3
FORWARDED_LEAST = 1000  # messages/s: with less, something is wrong with the lab
CPU_RATE = 50000  # messages/s at which processor time is compared
NOTES = [
    "All forwarders on veth get the same INVITE and OPTIONS requests from the same sender, have"
    " one core for all their threads, and socket buffers of 1 MiB. Viaduct has its defaults,"
    " idle: sleep and Record-Route among them; Kamailio runs with -x fm -X fm, one worker, and"
    " adds no Record-Route.",
    "Linux runs the receiving side of a veth hop on the core of its sender: what receiving costs"
    " is on the generator's core, for all alike. The far end counts frames at the link and drops"
    " them; samples are looked at in a trial of their own, since a socket there would cost the"
    " forwarder's core as much as a fifth of its time.",
    "Over memif the middle one of three runs counts in each round: a shared machine may be slower"
    " by a third for seconds at a time.",
    "Processor time is what the scheduler accounts to the forwarder's threads, softirqs on top of"
    " them included; /proc/PID/task/*/schedstat.",
    "Rates at a loss under 0.1 % depend on the buffers and on how long the machine takes a core"
    " away, not on the forwarder alone: one of two trials of half a second must pass.",
]


def read(path):
    """A result of veth_load; what viaload says is put into its form."""
    with open(path, encoding="ascii") as f:
        r = json.load(f)
    if "result" not in r:
        return r
    return {
        "saturated": {
            "offered": r["result"]["sent_rate"],
            "forwarded": r["result"]["received_rate"],
            "loss": r["result"]["loss"],
            "wrong": r["verdict"]["wrong"],
            "generator": r["result"]["at_ceiling"],
        },
        "rates": [],
    }


def load(folder):
    """{name: [result of each round]}, {name: why it was skipped}"""
    rounds, skipped = {}, {}
    for path in sorted(glob.glob(os.path.join(folder, "*-*.json"))):
        name = os.path.basename(path)[:-5].split("-", 1)[1]
        result = read(path)
        if result["saturated"]["forwarded"] < FORWARDED_LEAST:
            skipped[name] = "it forwarded nothing"
        rounds.setdefault(name, []).append(result)
    for path in glob.glob(os.path.join(folder, "*.skipped")):
        with open(path, encoding="utf-8", errors="replace") as f:
            skipped[os.path.basename(path)[:-8]] = f.read().strip() or "it did not start"
    return {name: r for name, r in rounds.items() if name not in skipped}, skipped


def prefix(name):
    return PREFIX.get(name, name)


def cpu_at(result, rate):
    for wanted, trial in zip(result.get("rates_wanted", []), result["rates"]):
        if wanted == rate:
            return trial["cpu_us"]
    return None


def spread(values):
    return {
        "value": statistics.median(values),
        "stat": "median",
        "min": min(values),
        "median": statistics.median(values),
        "max": max(values),
        "n": len(values),
    }


def row(name, kind, column, table, unit, values, **more):
    return {
        "name": "%s_%s" % (prefix(name), kind),
        "label": NAMES[name],
        "column": column,
        "table": table,
        "unit": unit,
        **spread(values),
        **more,
    }


def rows_of(name, results):
    """Every figure of one forwarder."""
    saturated = [r["saturated"] for r in results]
    more = {}
    if all(t.get("generator", t["loss"] < LOSS) for t in saturated):
        more = {"limit": "generator", "note": "nothing was lost: it could take more than was sent"}
    yield row(
        name, "saturated", "saturated", "rate", "1/s", [t["forwarded"] for t in saturated], **more
    )
    if all("limit" in r for r in results):
        yield row(
            name,
            "limit",
            "at loss under 1e-3",
            "rate",
            "1/s",
            [r["limit"]["forwarded"] for r in results],
        )
    for rate in results[0].get("rates_wanted", []):
        kind = "cpu" if rate == CPU_RATE else "cpu_%dk" % (rate / 1000)
        yield row(
            name, kind, "at {:,}/s".format(rate), "cpu", "us", [cpu_at(r, rate) for r in results]
        )
    if "cpu_us" in saturated[0]:
        yield row(name, "cpu_saturated", "saturated", "cpu", "us", [t["cpu_us"] for t in saturated])


def ratio(name, label, pair, get, rounds):
    """Median of get(over) / get(under) in each round; None if either was not measured."""
    over, under = pair.split()
    if over not in rounds or under not in rounds:
        return None
    values = [get(a) / get(b) for a, b in zip(rounds[over], rounds[under])]
    return {
        "name": name,
        "label": label,
        "value": statistics.median(values),
        "spread": [min(values), max(values)],
        "unit": "x",
        "n": len(values),
        "table": "ratios",
    }


def ratios_of(rounds):
    def rate(r):
        return r["saturated"]["forwarded"]

    def cpu(r):
        return cpu_at(r, CPU_RATE)

    def cpu_most(r):
        return r["saturated"]["cpu_us"]

    at = "CPU per message at {:,}/s: ".format(CPU_RATE)
    most = "CPU per message, saturated: "
    wanted = [
        ("memif_vs_kamailio", "rate: viaduct, memif / Kamailio on veth", "memif kamailio", rate),
        ("afpacket_rate", "rate: viaduct, AF_PACKET / Kamailio", "viaduct_packet kamailio", rate),
        ("xdp_rate", "rate: viaduct, AF_XDP / Kamailio", "viaduct_xdp kamailio", rate),
        ("kernel_rate", "rate: bare kernel forwarder / Kamailio", "kernel kamailio", rate),
        ("afpacket_cpu", at + "Kamailio / AF_PACKET", "kamailio viaduct_packet", cpu),
        (
            "afpacket_cpu_dispatcher",
            at + "dispatcher / AF_PACKET",
            "dispatcher viaduct_packet",
            cpu,
        ),
        ("afpacket_cpu_kernel", at + "kernel / AF_PACKET", "kernel viaduct_packet", cpu),
        ("xdp_cpu", at + "Kamailio / AF_XDP", "kamailio viaduct_xdp", cpu),
        ("afpacket_cpu_most", most + "Kamailio / AF_PACKET", "kamailio viaduct_packet", cpu_most),
        ("xdp_cpu_most", most + "Kamailio / AF_XDP", "kamailio viaduct_xdp", cpu_most),
    ]
    return [r for r in (ratio(*w, rounds) for w in wanted) if r]


def trials(result):
    single = [result[name] for name in ("samples", "saturated", "limit") if name in result]
    return single + result["rates"]


def checks_of(rounds):
    for name, results in rounds.items():
        for what, label in (
            ("wrong", "samples without its Via"),
            ("answered", "answers to the sender"),
        ):
            n = sum(t.get(what, 0) for r in results for t in trials(r))
            yield {"label": "%s: %s" % (NAMES[name], label), "value": n, "want": 0, "ok": n == 0}
        if name not in ("kernel", "memif"):
            least = min(r["samples"]["checked"] for r in results)
            yield {
                "label": "%s: looked at no sample" % NAMES[name],
                "value": int(least == 0),
                "want": 0,
                "ok": least > 0,
            }


def series_of(rows):
    rates = [r for r in rows if r["column"] == "saturated" and r["table"] == "rate"]
    cpu = [r for r in rows if r["table"] == "cpu"]
    labels = [r["label"] for r in cpu if r["column"] == "saturated"]
    yield {
        "name": "saturated",
        "label": "Saturated rate, one core",
        "kind": "bar",
        "x": {"name": "forwarder", "unit": "", "values": [r["label"] for r in rates]},
        "y": [{"name": "forwarded", "unit": "1/s", "values": [r["value"] for r in rates]}],
    }
    yield {
        "name": "cpu",
        "label": "Processor time per message",
        "kind": "bar",
        "x": {"name": "forwarder", "unit": "", "values": labels},
        "y": [
            {
                "name": column,
                "unit": "us",
                "values": [
                    next(
                        (r["value"] for r in cpu if r["label"] == n and r["column"] == column), None
                    )
                    for n in labels
                ],
            }
            for column in dict.fromkeys(r["column"] for r in cpu)
        ],
    }


def summary(folder):
    rounds, skipped = load(folder)
    if not rounds:
        sys.exit("peers: nothing was measured")
    rounds = {name: rounds[name] for name in NAMES if name in rounds}
    first = next(r[0] for r in rounds.values() if "messages" in r[0])
    rows = [r for name, results in rounds.items() for r in rows_of(name, results)]
    return {
        "settings": {
            "rounds": max(len(r) for r in rounds.values()),
            "messages": first["messages"],
            "mean_bytes": first["mean_bytes"],
            "cores": "load 0, forwarder %d" % ((os.cpu_count() or 2) - 1),
            "loss": LOSS,
        },
        "tables": {
            "rate": "Messages per second",
            "cpu": "Processor time per message",
            "ratios": "Quotients within one round",
        },
        "rows": rows,
        "ratios": ratios_of(rounds),
        "series": list(series_of(rows)),
        "checks": list(checks_of(rounds)),
        "notes": NOTES + ["%s: not measured: %s" % (NAMES[n], why) for n, why in skipped.items()],
    }


def cell(r):
    number = "%.2f" if r["unit"] == "us" else "%.0f"
    text = "%s (%s..%s)" % tuple(number % r[k] for k in ("value", "min", "max"))
    return text + ("+" if r.get("limit") else "")


def show_table(title, rows):
    columns = list(dict.fromkeys(r["column"] for r in rows))
    print("\n%s, %s: median (least..most) of %d rounds" % (title, rows[0]["unit"], rows[0]["n"]))
    print("  %-36s%s" % ("", "".join("%-27s" % c for c in columns)))
    for label in dict.fromkeys(r["label"] for r in rows):
        mine = {r["column"]: cell(r) for r in rows if r["label"] == label}
        print("  %-36s%s" % (label, "".join("%-27s" % mine.get(c, "") for c in columns)))


def show(out):
    for table, title in out["tables"].items():
        rows = [r for r in out["rows"] if r["table"] == table]
        if rows:
            show_table(title, rows)
    print("  + more than the generator could send")
    print("\nQuotients within one round")
    for r in out["ratios"]:
        print("  %-62s %6.2f  (%.2f..%.2f)" % (r["label"], r["value"], *r["spread"]))
    for c in out["checks"]:
        if not c["ok"]:
            print("WRONG: %s: %d" % (c["label"], c["value"]))
    for note in out["notes"][len(NOTES) :]:
        print(note)


def line(name, path):
    r = read(path)
    at = "".join("  %6.2f us at %.0f" % (t["cpu_us"], t["offered"]) for t in r["rates"])
    limit = "  %7.0f/s under 1e-3" % r["limit"]["forwarded"] if "limit" in r else ""
    cpu = " %6.2f us" % r["saturated"]["cpu_us"] if "cpu_us" in r["saturated"] else ""
    print("%-15s %8.0f/s%s%s%s" % (name, r["saturated"]["forwarded"], cpu, at, limit), flush=True)


def middle(paths):
    """Of several results of viaload, the one with the median rate."""
    return sorted(paths, key=lambda p: read(p)["saturated"]["forwarded"])[len(paths) // 2]


def main(what, *args):
    if what == "line":
        line(*args)
        return 0
    if what == "middle":
        print(middle(args))
        return 0
    out = summary(args[0])
    show(out)
    if len(args) > 1:
        with open(args[1], "w", encoding="ascii") as f:
            json.dump(out, f, indent=1)
            f.write("\n")
    return 0 if all(c["ok"] for c in out["checks"]) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
