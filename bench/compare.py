#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""compare.py OLD.json NEW.json: two results of `bench/run.sh --json` side by side.

Instructions are the same on any calm or busy machine: more than 3 per cent more of them is a
failure (exit status 1). Times are shown as ratios to memcpy in the same run too, and never fail.
"""

import json
import sys

LIMIT = 3.0


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def change(old, new):
    return 100.0 * (new - old) / old if old else 0.0


def row(name, old, new, unit):
    print(f"{name:<32} {old:>10.1f} {new:>10.1f} {unit:<6} {change(old, new):>+7.1f} %")


def compare_instructions(old, new):
    """Prints all pairs; returns the names of those that grew too much."""
    worse = []
    for name in sorted(k for k in old if k.startswith("instructions_") and k in new):
        row(name.removeprefix("instructions_"), old[name], new[name], "instr")
        if change(old[name], new[name]) > LIMIT:
            worse.append(name)
    return worse


def compare_times(old, new):
    for work, modes in old.get("ns", {}).items():
        for mode, sample in modes.items():
            other = new.get("ns", {}).get(work, {}).get(mode)
            if other:
                row(f"{work} {mode}", sample["min"], other["min"], "ns")
    for kind, sample in old.get("kinds_ns", {}).items():
        other = new.get("kinds_ns", {}).get(kind)
        if other:
            row(kind, sample["min"], other["min"], "ns")


def ratio(result):
    return result["ns"]["all"]["warm"]["min"] / result["ns"]["memcpy"]["warm"]["min"]


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    old, new = load(sys.argv[1]), load(sys.argv[2])
    for name in ("machine", "compiler", "scanner", "commit"):
        if old.get(name) != new.get(name):
            print(f"note: {name} was {old.get(name)}, is {new.get(name)}")
    worse = compare_instructions(old, new)
    if "ns" in old and "ns" in new:
        compare_times(old, new)
        row("all, times memcpy", ratio(old), ratio(new), "x")
    for name in worse:
        print(f"FAIL {name} grew by more than {LIMIT:.0f} per cent")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
