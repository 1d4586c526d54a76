#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""compare.py [--gate] OLD.json NEW.json: two results of one part side by side.

Instructions are the same on any calm or busy machine: more than 3 per cent more of them for a
message, of the mix or of one kind, is a failure (exit status 1). Times are shown, and never fail.

--gate compares instructions only, and skips (exit status 77) if compiler or kind of build are not
those of OLD: counts of one compiler say nothing about another.
"""

import json
import sys

LIMIT = 3.0


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def figures(result):
    return {i["name"]: i for i in result.get("rows", []) + result.get("ratios", [])}


def change(old, new):
    return 100.0 * (new - old) / old if old else 0.0


def label(item):
    text = item.get("label", item["name"])
    return text + (f" ({item['column']})" if item.get("column") else "")


def pairs(old, new):
    """(name, old item, new item) of what both have, in the order of OLD."""
    other = figures(new)
    for name, item in figures(old).items():
        if name in other and item.get("value") is not None and other[name]["value"] is not None:
            yield name, item, other[name]


def compare(old, new, gate):
    """Prints all pairs; returns the names of the counts that grew too much."""
    worse = []
    for name, a, b in pairs(old, new):
        counted = a.get("unit") == "instructions"
        if gate and not counted:
            continue
        more = change(a["value"], b["value"])
        print(f"{label(a):<64} {a['value']:>12.6g} {b['value']:>12.6g} "
              f"{a.get('unit', ''):<12} {more:>+7.1f} %")
        if counted and more > LIMIT:
            worse.append(name)
    return worse


def main():
    args = sys.argv[1:]
    gate = "--gate" in args
    args = [a for a in args if a != "--gate"]
    if len(args) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    old, new = load(args[0]), load(args[1])
    for name in ("compiler", "build"):
        was = old.get("settings", {}).get(name)
        now = new.get("settings", {}).get(name)
        if was != now:
            print(f"{'skipped' if gate else 'note'}: {name} is {now}, the figures are for {was}")
            if gate:
                return 77
    if gate and not any(i.get("unit") == "instructions" for _, i, _ in pairs(old, new)):
        print("no counts to compare")
        return 1
    worse = compare(old, new, gate)
    for name in worse:
        print(f"FAIL {name} grew by more than {LIMIT:.0f} per cent")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
