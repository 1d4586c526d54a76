# SPDX-License-Identifier: BSD-3-Clause
"""Bench results as Markdown: a section for each part, the goals, the table of the README."""

import goals
import store

NOT_MEASURED = "*not measured*"


def cell(item, unit=True):
    """The figure of a row: "447 (465) ns" is a minimum and its median."""
    if item is None or item.get("value") is None:
        return "-"
    out = store.number(item["value"])
    if item.get("stat") == "min" and item.get("median") is not None:
        out += f" ({store.number(item['median'])})"
    if item.get("limit") == "generator":
        out = "over " + out
    return out + (f" {item['unit']}" if unit and item.get("unit") else "")


def table(head, rows, right=True):
    lines = ["| " + " | ".join(head) + " |",
             "| --- |" + (" ---: |" if right else " --- |") * (len(head) - 1)]
    lines += ["| " + " | ".join(str(c).replace("|", "/") for c in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def spread(item):
    if item.get("spread"):
        low, high = item["spread"]
        return f"{store.number(low)} to {store.number(high)}" if low != high else ""
    if item.get("q1") is not None and item.get("q3") is not None:
        return f"{store.number(item['q1'])} to {store.number(item['q3'])}"
    if item.get("min") is not None and item.get("max") is not None:
        return f"{store.number(item['min'])} to {store.number(item['max'])}"
    return ""


def unique(values):
    return list(dict.fromkeys(values))


def wide_table(rows):
    """Rows with columns: one line for each label. The unit stands with its column, or in the corner
    if there is only one."""
    columns = unique(r["column"] for r in rows)
    units = {c: unique(r.get("unit", "") for r in rows if r["column"] == c) for c in columns}
    all_units = unique(u for c in columns for u in units[c])
    head = [all_units[0] if len(all_units) == 1 else ""]
    for c in columns:
        text = store.number(int(c)) if c.isdigit() else c
        alone = len(units[c]) == 1 and len(all_units) > 1 and units[c][0] not in ("", c)
        head.append(f"{text}, {units[c][0]}" if alone else text)
    body = []
    for label in unique(r["label"] for r in rows):
        line = {r["column"]: r for r in rows if r["label"] == label}
        body.append([label] + [cell(line.get(c), unit=len(units[c]) > 1) for c in columns])
    return table(head, body)


def long_table(rows):
    """Rows without columns: one line each, with spread and note where there are any."""
    spreads = [spread(r) for r in rows]
    notes = [r.get("note", "") for r in rows]
    head = ["", "figure"] + ["spread"] * any(spreads) + ["repetitions"] * any(
        r.get("n") for r in rows)
    body = []
    for r, s in zip(rows, spreads):
        line = [r.get("label", r["name"]), cell(r)]
        line += [s] * any(spreads) + [r.get("n", "")] * any(q.get("n") for q in rows)
        body.append(line)
    out = table(head, body)
    for r, note in zip(rows, notes):
        if note:
            out += f"\n{r.get('label', r['name'])}: {note}.\n".replace("..", ".")
    return out


def tables(result):
    rows = result.get("rows", [])
    titles = result.get("tables", {})
    for name in unique(r.get("table", "results") for r in rows):
        mine = [r for r in rows if r.get("table", "results") == name]
        if name in titles:
            yield f"**{titles[name]}**\n"
        wide = all(r.get("column") for r in mine)
        yield wide_table(mine) if wide else long_table(mine)


def ratio_table(result):
    ratios = result.get("ratios", [])
    if not ratios:
        return []
    rows = [[r.get("label", r["name"]), cell(r), store.number(r.get("median")), spread(r)]
            for r in ratios]
    return ["**Ratios within the run**\n",
            table(["", "figure", "median", "spread"], rows)]


def check_table(result):
    checks = result.get("checks", [])
    if not checks:
        return []
    if all(c["ok"] for c in checks):
        found = "; ".join(f"{c['label']} {store.number(c['value'])}" for c in checks)
        return [f"**What must hold, and does:** {found}.\n"]
    rows = [[c["label"], store.number(c["value"]), store.number(c["want"]),
             "yes" if c["ok"] else "**no**"] for c in checks]
    return ["**What must hold**\n", table(["", "found", "wanted", "holds"], rows)]


def plot_name(part, series):
    return f"perf-{part}-{series['name'].replace('_', '-')}.svg"


def plot_links(result, part):
    for series in result.get("series", []):
        if any(v is not None for c in series["y"] for v in c["values"]):
            yield (f"![{series.get('label', series['name'])}]"
                   f"(img/{plot_name(part, series)})\n")


def provenance(result):
    m = result.get("machine", {})
    seconds = store.number(result.get("seconds"))
    text = (f"`{result.get('command')}`, {result.get('date')}, commit {m.get('commit', '-')}, "
            f"{seconds} s, load average before it {result.get('load', '-')}.")
    settings = result.get("settings", {})
    if settings:
        pairs = (f"{k.replace('_', ' ')} {store.number(v)}" for k, v in settings.items())
        text += " Settings: " + ", ".join(pairs) + "."
    return text + "\n"


def headline(name, result):
    """The one figure of a part that matters most, before its tables."""
    ratio = next((r for r in result.get("ratios", []) if r["name"] == "core_vs_headers"), None)
    if name != "core" or not ratio:
        return []
    return [f"**The whole core takes {store.number(ratio['value'])} times what the split of the "
            f"header section takes** (minimum over minimum; turn by turn the median is "
            f"{store.number(ratio.get('median'))}).\n"]


def part(results, name):
    """The section of a part."""
    result = results.get(name)
    if not result:
        return f"{NOT_MEASURED[:-1]}: `./run bench {name}` has no result stored.*\n"
    if not store.measured(results, name):
        return f"{NOT_MEASURED[:-1]}: {result.get('failed')}.*\n\n{provenance(result)}"
    gap = [f"*Some of it was not measured: {result['failed']}.*\n"] if "failed" in result else []
    blocks = [provenance(result), *gap, *headline(name, result), *tables(result),
              *ratio_table(result), *check_table(result), *plot_links(result, name)]
    notes = result.get("notes", [])
    if notes:
        blocks.append("\n".join(f"- {note}" for note in notes) + "\n")
    return "\n".join(blocks)


def goal_table(results):
    head = ["goal", "measured", "spread", "must", "target", "stretch", "reached"]
    rows = []
    for goal, item, verdict in goals.lines(results):
        value = f"**{store.number(item['value'])} {goal.unit}**" if item else NOT_MEASURED
        limits = [goals.limit_text(v) for v in goal.limits]
        sign = "<= " if goal.lower else ">= "
        limits = [sign + v if v[0].isdigit() else v for v in limits]
        rows.append([goal.label, value, spread(item) if item else "", *limits,
                     f"**{verdict}**" if verdict == "missed" else verdict])
    return table(head, rows)


def machine(results):
    """The machine of the results; of each part if they are not all from one."""
    names = unique(k for r in results.values() for k in r.get("machine", {}))
    shown = [k for k in names if k != "commit"]
    machines = {p: tuple(str(r.get("machine", {}).get(k, "-")) for k in shown)
                for p, r in results.items()}
    kinds = unique(machines.values())
    if len(kinds) < 2:
        head = ["", "all parts"]
    else:
        head = [""] + [", ".join(p for p in machines if machines[p] == k) for k in kinds]
    rows = [[k.replace("_gib", ", GiB")] + [v[i] for v in kinds] for i, k in enumerate(shown)]
    return table(head, rows, right=False)


def readme_rows(results):
    core = store.measured(results, "core")
    warm = store.figure(results, "core", "all.warm")
    if warm:
        ratio = store.figure(results, "core", "core_vs_headers")
        cold = store.figure(results, "core", "all.cold")
        text = f"{cell(warm)} warm, {cell(cold)} from DRAM"
        if ratio:
            text += (f"; {store.number(ratio['value'])} times what it takes to split the header "
                     "section into names and values")
        bytes_ = core.get("settings", {}).get("mean_bytes", "-")
        yield (f"the pure core, one message parsed, decided and edited: 4,096 distinct ones of 12 "
               f"kinds, {bytes_} bytes on average; minimum (median)", text, "core")
    for part_, name, what in (
        ("wire", "pcap_rate", "the whole proxy on one core, in one process with net_pcap"),
        ("wire", "memif_closed", "the whole proxy on one core, over memif, callers that wait for "
         "their answers"),
        ("wire", "memif_rate", "the same at a fixed rate, loss under 1e-5"),
        ("wire", "latency_p999", "latency that it adds at half of that rate, p99.9, while viaload "
         "itself is not stopped by the machine"),
    ):
        item = store.figure(results, part_, name)
        if item:
            yield what, cell(item), part_
    for goal, item, _ in goals.lines(results):
        if item and goal.part == "peers":
            yield goal.label, f"{store.number(item['value'])} times", "peers"
    lost = store.figure(results, "reload", "lost")
    sent = store.figure(results, "reload", "messages")
    swaps = store.figure(results, "reload", "swaps")
    if lost and sent and swaps:
        yield (f"{store.number(sent['value'])} messages while the configuration is swapped "
               f"{store.number(swaps['value'])} times", f"{store.number(lost['value'])} lost by "
               "the swaps", "reload")
    most = store.figure(results, "streams", "tcp_most")
    if most:
        yield ("TCP on the control thread, callers and server on the same core",
               f"{store.number(most['value'])} messages/s", "streams")


def readme(results):
    rows = [[what, figure, f"`./run bench {p}`"] for what, figure, p in readme_rows(results)]
    m = next((r["machine"] for r in results.values() if r.get("machine")), {})
    text = table(["what", "figure", "command"], rows, right=False)
    return text + (f"\nOn {m.get('cores', '-')} cores of {m.get('cpu', '-')}"
                   f"{', a virtual machine' if m.get('virtual machine') == 'yes' else ''}, "
                   f"{m.get('os', '-')}, {m.get('compiler', '-')}, DPDK {m.get('dpdk', '-')}.\n")
