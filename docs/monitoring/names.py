#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""names.py METRICS: whether METRICS, the text of /metrics, has every metric that the dashboard and
the alert rules ask for. Exit status 1 if one is missing."""
import json
import os
import re
import sys

here = os.path.dirname(os.path.abspath(__file__))
NAME = re.compile(r"\b(viaduct_[a-z0-9_]+|process_[a-z0-9_]+)")


def texts(value):
    """All texts of a JSON value that may hold an expression."""
    if isinstance(value, dict):
        for key, v in value.items():
            if key in ("expr", "query", "definition") and isinstance(v, str):
                yield v
            else:
                yield from texts(v)
    elif isinstance(value, list):
        for v in value:
            yield from texts(v)


def asked():
    with open(os.path.join(here, "dashboard.json"), encoding="utf-8") as f:
        for text in texts(json.load(f)):
            yield from ((name, "dashboard.json") for name in NAME.findall(text))
    with open(os.path.join(here, "alerts.yml"), encoding="utf-8") as f:
        for name in NAME.findall(f.read()):
            yield name, "alerts.yml"


there = set()
with open(sys.argv[1], encoding="utf-8") as f:
    for line in f:
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:4]
            there.add(name)
            if kind == "histogram":
                there |= {name + s for s in ("_bucket", "_sum", "_count")}
names = set(asked())
missing = sorted(x for x in names if x[0] not in there)
for name, where in missing:
    print("%s: no metric %s" % (where, name), file=sys.stderr)
if len({n for n, _ in names}) < 20:
    sys.exit("names.py: found hardly any names")
sys.exit(bool(missing))
