#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""page.py [--check] [--results FOLDER] [--out FOLDER]

Writes what docs/performance.md and the README say of the results, and the plots
docs/img/perf-*.svg. Only what stands between "<!-- NAME: made by bench/page.py -->" and
"<!-- end of NAME -->" is written; the rest is by hand. No figure is typed by hand anywhere, so
text, tables and plots cannot drift from bench/results.

--check changes nothing, prints what is out of date and has the exit status 1 if anything is.
--out writes the page and its plots into another folder, and no README.
"""

import argparse
import difflib
import os
import re
import sys

import limits
import plot
import render
import sizing
import store

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PAGE = "docs/performance.md"
MARK = re.compile(r"<!-- (\w+): made by bench/page\.py -->\n(.*?)<!-- end of \1 -->\n", re.DOTALL)


def fill(template, blocks):
    """The text with each marked block replaced; a block that no mark asks for is left out."""

    def block(match):
        name = match.group(1)
        if name not in blocks:
            raise SystemExit(f"page.py: nothing makes the block {name}")
        return (f"<!-- {name}: made by bench/page.py -->\n{blocks[name].rstrip()}\n"
                f"<!-- end of {name} -->\n")

    return MARK.sub(block, template)


def plots(results):
    """{file name: SVG} of all series."""
    out = {}
    for part in store.PARTS:
        for series in (store.measured(results, part) or {}).get("series", []):
            if plot.drawable(series):
                out[render.plot_name(part, series)] = plot.svg(series)
    return out


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except OSError:
        return ""


def pages(results, out):
    """{path: text} of everything that is made; None = must not be there."""
    blocks = {part: render.part(results, part) for part in store.PARTS}
    blocks["goals"] = render.goal_table(results)
    blocks["machine"] = render.machine(results)
    blocks["sizing"] = sizing.text(results)
    blocks["limits"] = limits.table(results)
    template = read(os.path.join(TOP, PAGE))
    if out:
        made = {os.path.join(out, "performance.md"): fill(template, blocks)}
        image_folder = os.path.join(out, "img")
    else:
        readme = os.path.join(TOP, "README.md")
        made = {os.path.join(TOP, PAGE): fill(template, blocks),
                readme: fill(read(readme), {"numbers": render.readme(results)})}
        image_folder = os.path.join(TOP, "docs/img")
    images = plots(results)
    for name, svg in images.items():
        made[os.path.join(image_folder, name)] = svg
    if os.path.isdir(image_folder):
        for name in os.listdir(image_folder):
            if re.fullmatch(r"perf-.*\.svg", name) and name not in images:
                made[os.path.join(image_folder, name)] = None
    return made


def check(made):
    """Prints the differences; returns the exit status."""
    bad = 0
    for path, text in made.items():
        name = os.path.relpath(path, TOP)
        now = read(path) if os.path.exists(path) else None
        if now == text:
            continue
        bad = 1
        print(f"{name} is not what bench/results says: bench/run.sh --page")
        if now is not None and text is not None:
            lines = difflib.unified_diff(now.splitlines(), text.splitlines(), lineterm="", n=0)
            print("\n".join(list(lines)[:20]))
    return bad


def write(made):
    for path, text in made.items():
        if text is None:
            os.remove(path)
        elif read(path) != text:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
    return 0


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--check", action="store_true")
    p.add_argument("--results", default=os.path.join(TOP, "bench/results"))
    p.add_argument("--out")
    args = p.parse_args()
    made = pages(store.load(args.results), args.out)
    return check(made) if args.check else write(made)


if __name__ == "__main__":
    sys.exit(main())
