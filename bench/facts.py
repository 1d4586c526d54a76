#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""facts.py: the machine and the software that a bench result is from, as one JSON object.

Only what a figure depends on: no host name, no address, no path of the machine. What cannot be
found out is left out.
"""

import json
import os
import re
import subprocess
import sys


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except OSError:
        return ""


def run(*command):
    """First line that the command prints, "" if there is none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0].strip() if lines and done.returncode == 0 else ""


def cpuinfo(key):
    found = re.search(rf"^{key}\s*:\s*(.*)$", read("/proc/cpuinfo"), re.MULTILINE)
    return found.group(1).strip() if found else ""


def meminfo(key):
    found = re.search(rf"^{key}:\s*(\d+)", read("/proc/meminfo"), re.MULTILINE)
    return int(found.group(1)) if found else 0


def caches():
    """As "L1d 48K, L2 1024K, L3 32768K", of the first core."""
    out = []
    base = "/sys/devices/system/cpu/cpu0/cache"
    for index in sorted(os.listdir(base)) if os.path.isdir(base) else []:
        kind = read(f"{base}/{index}/type").strip()
        if kind == "Instruction" or not read(f"{base}/{index}/size"):
            continue
        name = "L" + read(f"{base}/{index}/level").strip() + ("d" if kind == "Data" else "")
        out.append(f"{name} {read(f'{base}/{index}/size').strip()}")
    return ", ".join(out)


def package(name):
    return run("dpkg-query", "-W", "-f=${Version}", name)


def os_name():
    found = re.search(r'^PRETTY_NAME="(.*)"$', read("/etc/os-release"), re.MULTILINE)
    return found.group(1) if found else ""


def simd():
    flags = cpuinfo("flags").split()
    return ", ".join(f for f in ("sse4_2", "avx2", "avx512bw", "avx512_vbmi2") if f in flags)


def commit():
    top = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    git = ("git", "-c", f"safe.directory={top}", "-C", top)
    changed = run(*git, "status", "--porcelain", "--untracked-files=no", "--", ".",
                  ":!bench/results", ":!bench/baseline", ":!docs", ":!README.md")
    head = run(*git, "rev-parse", "--short", "HEAD")
    return head + (" with changes" if head and changed else "")


def facts():
    everything = {
        "cpu": cpuinfo("model name"),
        "cores": os.cpu_count(),
        "caches": caches(),
        "simd": simd(),
        "virtual machine": "yes" if "hypervisor" in cpuinfo("flags").split() else "no",
        "memory_gib": round(meminfo("MemTotal") / 2**20, 1),
        "hugepages": f"{meminfo('HugePages_Total')} of {meminfo('Hugepagesize') // 1024} MiB",
        "kernel": os.uname().release,
        "os": os_name(),
        "compiler": run("gcc", "-dumpfullversion") and "gcc " + run("gcc", "-dumpfullversion"),
        "dpdk": run("pkg-config", "--modversion", "libdpdk"),
        "kamailio": package("kamailio"),
        "valgrind": package("valgrind"),
        "commit": commit(),
    }
    return {name: value for name, value in everything.items() if value}


if __name__ == "__main__":
    json.dump(facts(), sys.stdout, indent=1)
    print()
