# SPDX-License-Identifier: BSD-3-Clause
"""What a process has allocated, in KiB. Start viaduct after memory_exact (tests/lib/daemon.sh).

It is the anonymous memory of Linux: the packet buffers of DPDK are a file and do not count. What
was in use a moment ago may take another moment to go, longer on a slow machine, so no single look
proves that memory is lost: wait until it is back, or until nobody can be waiting for it any more.
"""

import time


def resident(pid):
    with open("/proc/%s/status" % pid, encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))


def settled(pid):
    """The least within a second."""
    least = resident(pid)
    for _ in range(50):
        time.sleep(0.02)
        least = min(least, resident(pid))
    return least


def growth(pid, before, most, wait=60):
    """How much more than @before there is, once that is less than @most or the time is up."""
    end = time.monotonic() + wait
    while True:
        more = resident(pid) - before
        if more < most or time.monotonic() > end:
            return more
        time.sleep(0.05)
