#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The alert rules do what they say and the dashboard's expressions are well formed, as Prometheus'
# own tool has it. That their metrics exist is checked by http.sh.
. "$(dirname "$0")/../lib/e2e.sh"
need promtool

cd "$TOP/docs/monitoring"
promtool check rules alerts.yml
promtool test rules alerts_test.yml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$PYTHON" - "$work/rules.yml" <<'PYTHON'
import json, re, sys

def expressions(value):
    if isinstance(value, dict):
        for key, v in value.items():
            if key == "expr":
                yield v
            else:
                yield from expressions(v)
    elif isinstance(value, list):
        for v in value:
            yield from expressions(v)

board = json.load(open("dashboard.json"))
ids = [p["id"] for p in board["panels"]]
assert len(ids) == len(set(ids)) and board["schemaVersion"] >= 36
found = sorted(set(expressions(board)))
assert len(found) > 30, len(found)
with open(sys.argv[1], "w") as out:
    out.write("groups:\n- name: dashboard\n  rules:\n")
    for i, e in enumerate(found):
        e = e.replace("$__rate_interval", "1m")
        e = re.sub(r"\$(instance|pool)\b", ".*", e)
        assert "$" not in e, e
        out.write("  - {record: x%d, expr: %s}\n" % (i, json.dumps(e)))
# Every alert has a case in which it is raised.
rules = re.findall(r"- alert: (\w+)", open("alerts.yml").read())
raised = re.findall(r"alertname: (\w+)\n\s+exp_alerts", open("alerts_test.yml").read())
assert sorted(set(rules)) == sorted(set(raised)), set(rules) ^ set(raised)
PYTHON
promtool check rules "$work/rules.yml"
