# SPDX-License-Identifier: BSD-3-Clause
"""load.py FILE: what tests/demo/demo.sh needs of a result of viaload, on one line: calls completed,
calls failed, messages lost, messages wrong, calls per second, then the calls of each server.
"""

import json
import sys

with open(sys.argv[1], encoding="ascii") as f:
    result = json.load(f)
counters = result["result"]["counters"]
print(
    counters["calls_done"],
    counters["calls_failed"],
    counters["lost"],
    result["verdict"]["wrong"],
    round(result["result"]["call_rate"]),
    *(server["calls"] for server in result["servers"]["list"])
)
