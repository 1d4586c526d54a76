#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""collect.py --out FILE --part PART [--command TEXT] [--seconds N] [--load TEXT]
              [--failed REASON] [FILE...]

Makes one result of what the programs of a part wrote: lists are joined, objects merged; adds the
machine and when it was. Exit status 1 if a program wrote no JSON, names a figure twice, or found
that something which must hold does not.
"""

import argparse
import datetime
import json
import os
import re
import sys

import facts

LISTS = ("rows", "ratios", "series", "checks", "notes")
OBJECTS = ("settings", "tables")


def clean(text):
    """Without the folders of a run: they say nothing a day later."""
    return re.sub(r"(/tmp|/var/tmp|/run)/[^\s:]*/", "", text)


def merge(parts):
    merged = {name: {} for name in OBJECTS}
    merged.update({name: [] for name in LISTS})
    for part in parts:
        for name in OBJECTS:
            merged[name].update(part.get(name, {}))
        for name in LISTS:
            merged[name] += part.get(name, [])
    merged["notes"] = [clean(note) for note in merged["notes"]]
    return {name: value for name, value in merged.items() if value}


def read(path):
    """What a program wrote; ValueError if it has not the form of docs/performance.md, "The
    files"."""
    with open(path, encoding="utf-8") as f:
        part = json.load(f)
    for name in LISTS:
        if not isinstance(part.get(name, []), list):
            raise ValueError(f"{name} is not a list")
    for item in part.get("rows", []) + part.get("ratios", []):
        if "name" not in item or "value" not in item:
            raise ValueError(f"a figure without name or value: {item}")
    return part


def faults(result):
    """What is wrong with it, in sentences."""
    seen = set()
    for item in result.get("rows", []) + result.get("ratios", []):
        if item["name"] in seen:
            yield f"two figures are called {item['name']}"
        seen.add(item["name"])
    for check in result.get("checks", []):
        if not check["ok"]:
            yield f"{check['label']}: {check['value']}, must be {check['want']}"


def arguments():
    p = argparse.ArgumentParser()
    for name in ("--out", "--part", "--command", "--load", "--failed"):
        p.add_argument(name, required=name in ("--out", "--part"))
    p.add_argument("--seconds", type=float)
    p.add_argument("files", nargs="*")
    return p.parse_args()


def dump(result, f):
    """One line for each item of a list, so that a diff of two results can be read."""
    members = []
    for name, value in result.items():
        if isinstance(value, list) and value:
            items = ",\n".join("  " + json.dumps(item) for item in value)
            members.append(f' "{name}": [\n{items}\n ]')
        elif isinstance(value, dict) and value:
            items = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            members.append(f' "{name}": {{\n{items}\n }}')
        else:
            members.append(f' "{name}": {json.dumps(value)}')
    f.write("{\n" + ",\n".join(members) + "\n}\n")


def main():
    args = arguments()
    parts, broken = [], []
    for path in args.files:
        try:
            parts.append(read(path))
        except (OSError, ValueError) as e:
            broken.append(f"{os.path.basename(path)} is no result: {e}")
    merged = merge(parts)
    problems = broken + list(faults(merged))
    now = datetime.datetime.now(datetime.timezone.utc)
    result = {"part": args.part}
    failed = args.failed or (broken[0] if broken else None)
    if failed:
        result["failed"] = clean(failed)
    result["command"] = args.command
    result["date"] = now.strftime("%Y-%m-%d %H:%M UTC")
    result["seconds"] = args.seconds
    result["load"] = args.load
    result["machine"] = facts.facts()
    result.update(merged)
    with open(args.out, "w", encoding="utf-8") as f:
        dump({k: v for k, v in result.items() if v is not None}, f)
    for problem in problems:
        print(f"bench: {args.part}: {problem}", file=sys.stderr)
    return 1 if problems or args.failed else 0


if __name__ == "__main__":
    sys.exit(main())
