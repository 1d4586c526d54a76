#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""conformance.py [--check]: makes docs/conformance.md from docs/conformance.tsv, or checks it.

The table has one line for each requirement: id, state, tests, what it asks, note. A state is
"covered", "partly", "not yet N" with the number of the issue that will do it, or "not applicable"
with the reason as note. A test is one of

    test_X:suite/name   Test(suite, name) in tests/unit/test_X.c, which must name the id too
    test_X:suite/name*  the same for a test of something more general, which need not
    e2e/X.sh  fuzz/X  flow/X:suite/name  threads/X

Faults are printed, one in each line; exit status 1 if there was any. Where the list of requirements
is at hand (VIADUCT_REQUIREMENTS, or ../shared/requirements.md) every id that concerns the UDP path
must be in the table.
"""

import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLE = "docs/conformance.tsv"
PAGE = "docs/conformance.md"
SECTIONS = [*range(1, 17), 18, 19, 20, 21]
TITLES = [
    ("R7", "Message syntax (RFC 3261 7, 20, 25, 28)", r"R(7|20|25|28)[.-]"),
    ("R16.3", "Request validation (16.3)", r"R16\.3-"),
    ("R16.4", "Route preprocessing (16.4)", r"R16\.4-"),
    ("R16.5", "The target (16.5, 16.11)", r"R16\.(5|11)-\d"),
    ("R16.6", "Forwarding (16.6, 16.1)", r"R16\.(6|1)-"),
    ("B", "Branch (16.11, 17.2.3)", r"R16\.11-B|R17\.2"),
    ("RR", "Record-Route (16.6, 16.7)", r"R16\.[67]RR"),
    ("R", "Responses (16.7, 16.11)", r"R16\.11-R|R16\.[79]-|R8\.1"),
    ("C", "CANCEL and ACK (9, 16.10)", r"R16\.11-C|R16\.10|R9|R12|R17-|R8\.2\.7"),
    ("A", "Own answers (8.2.6, 21)", r"R8\.2|R21|R26-"),
    ("T", "Transport (18)", r"R18[.-]"),
    ("L", "Loops (16.3, 16.6)", r"R16\.[36]L"),
    ("O", "OPTIONS to the proxy (11)", r"R11"),
    ("S", "Security (26)", r"R26|R16\.[56]S|R19\.1S"),
    ("M", "Multicast", r"R18M"),
    ("U", "URIs (19.1)", r"R19"),
    ("F", "RFCs that followed", r"R\d{4}-"),
    ("LB", "What a load balancer must keep", r"LB-"),
]
HEAD = """# Conformance

<!-- Made from docs/conformance.tsv by tests/lint/conformance.py: edit that, run this. -->

What RFC 3261 and its followers ask of a stateless proxy, and the test that shows each point to
hold. Ids carry the RFC section: R16.11-B5 is a point of section 16.11. "Covered" points have at
least one test that fails when they are broken; names of table rows in the unit tests begin with the
ids that they prove, so `grep -rn 'R16.11-B5' tests` finds them. "Not yet" names the issue that
brings it.
"""


def path(name):
    return os.path.join(TOP, name)


def read(name):
    with open(path(name), encoding="utf-8") as f:
        return f.read()


def load_table(faults):
    rows = []
    for number, line in enumerate(read(TABLE).splitlines(), 1):
        if line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 5:
            faults.append(f"{TABLE}:{number}: {len(fields)} columns in place of 5")
            continue
        rows.append((number, *fields))
    return rows


def criterion_test_fault(file, test, row_id, exact):
    if not os.path.exists(path(file)):
        return f"{file} does not exist"
    text = read(file)
    suite, _, name = test.partition("/")
    if not re.search(rf"\bTest\({re.escape(suite)},\s*{re.escape(name)}\b", text):
        return f"{file} has no Test({suite}, {name})"
    if exact and not re.search(rf"{re.escape(row_id)}(?![\w-])", text):
        return f"{file} does not name it"
    return None


def test_fault(test, row_id):
    """What is wrong with one test of a line; None if nothing is."""
    kind, _, rest = test.partition("/")
    if kind == "e2e":
        return None if os.path.exists(path(f"tests/{test}")) else f"tests/{test} does not exist"
    if kind in ("fuzz", "threads"):
        file = f"tests/{test}.c"
        return None if os.path.exists(path(file)) else f"{file} does not exist"
    exact = not test.endswith("*")
    test = test.rstrip("*")
    if kind == "flow":
        name, _, rest = rest.rstrip("*").partition(":")
        return criterion_test_fault(f"tests/flow/{name}.c", rest, row_id, exact)
    name, _, rest = test.partition(":")
    return criterion_test_fault(f"tests/unit/{name}.c", rest, row_id, exact)


def check_row(row, seen, faults):
    number, row_id, state, tests, what, note = row
    where = f"{TABLE}:{number}: {row_id}"
    names = [] if tests == "-" else tests.split()
    if row_id in seen:
        faults.append(f"{where}: twice")
    seen.add(row_id)
    if not re.fullmatch(r"covered|partly|not applicable|not yet \d+", state):
        faults.append(f"{where}: no such state: {state}")
    if state in ("covered", "partly") and not names:
        faults.append(f"{where}: {state}, but no test")
    if state in ("partly", "not applicable") and note == "-":
        faults.append(f"{where}: {state}, but no note says why")
    if not what:
        faults.append(f"{where}: does not say what it asks")
    for test in names:
        fault = test_fault(test, row_id)
        if fault:
            faults.append(f"{where}: {fault}")


def check_complete(seen, faults):
    """Every id of the list of requirements that concerns the UDP path."""
    source = os.environ.get("VIADUCT_REQUIREMENTS", path("../shared/requirements.md"))
    section = 0
    if not os.path.exists(source):
        return
    with open(source, encoding="utf-8") as f:
        for line in f:
            heading = re.match(r"## (\d+)\.", line)
            section = int(heading.group(1)) if heading else section
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if not line.startswith("| ") or not re.match(r"R\d|LB-", cells[0]):
                continue
            concerned = section == 21 or (len(cells) > 3 and cells[3] in ("F", "FC"))
            if section in SECTIONS and concerned and cells[0] not in seen:
                faults.append(f"{TABLE}: {cells[0]} is missing")


def show_test(test):
    kind = test.partition("/")[0]
    if kind in ("e2e", "fuzz", "flow", "threads"):
        return f"`{test.rstrip('*')}`"
    name, _, rest = test.rstrip("*").partition(":")
    return f"`{name}` {rest.partition('/')[2].replace('_', ' ')}"


def page(rows):
    count = {}
    for _, _, state, *_ in rows:
        kind = "not yet" if state.startswith("not yet") else state
        count[kind] = count.get(kind, 0) + 1
    out = [HEAD]
    kinds = ("covered", "partly", "not yet", "not applicable")
    out.append(f"{len(rows)} points: " + ", ".join(f"{count.get(k, 0)} {k}" for k in kinds) + ".\n")
    left = list(rows)
    for _, title, pattern in TITLES:
        mine = [r for r in left if re.match(pattern, r[1])]
        left = [r for r in left if not re.match(pattern, r[1])]
        out.append(f"## {title}\n\n| id | asks | state | shown by |\n| --- | --- | --- | --- |")
        for _, row_id, state, tests, what, note in mine:
            shown = [] if tests == "-" else [show_test(t) for t in tests.split()]
            if note != "-":
                shown.append(note)
            state = re.sub(r"not yet (\d+)", r"not yet (issue \1)", state)
            cells = (row_id, what, state, "; ".join(shown))
            out.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        out.append("")
    assert not left, f"no section for {left[0][1]}"
    return "\n".join(out)


def main():
    check_only = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check_only:
        print(__doc__, file=sys.stderr)
        return 2
    faults, seen = [], set()
    rows = load_table(faults)
    for row in rows:
        check_row(row, seen, faults)
    check_complete(seen, faults)
    text = page(rows)
    if not check_only:
        with open(path(PAGE), "w", encoding="utf-8") as f:
            f.write(text)
    elif not os.path.exists(path(PAGE)) or read(PAGE) != text:
        faults.append(f"{PAGE} is out of date: tests/lint/conformance.py makes it")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
