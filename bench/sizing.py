# SPDX-License-Identifier: BSD-3-Clause
"""How big a deployment must be, from the measured rate: what docs/performance.md says about it."""

import math

import store

CALL = 7  # INVITE 100 180 200 ACK BYE 200
HOLD = 3  # re-INVITE 200 ACK
FRAME = 42 + 24  # Ethernet, IPv4 and UDP headers; preamble, checksum and gap on the wire
CALLS = 100_000  # calls/s of the example
NICS = (10, 25, 100)  # Gbit/s


def rate_of(results):
    """(messages per second of one core, where that is from), or (None, None)."""
    for name, where in (("memif_rate", "over memif, loss under 1e-5"),
                        ("pcap_rate", "in one process with net_pcap")):
        item = store.figure(results, "wire", name)
        if item and item.get("value"):
            return item["value"] * 1e6, where
    return None, None


def mean_bytes(results):
    core = store.measured(results, "core") or {}
    return float(core.get("settings", {}).get("mean_bytes", 740))


def gigabits(messages, size):
    return messages * (size + FRAME) * 8 / 1e9


def nic_rows(rate, size):
    for nic in NICS:
        most = nic * 1e9 / 8 / (size + FRAME)
        yield (f"| {nic} GbE | {store.number(most / 1e6)} M/s | {store.number(most / CALL)} | "
               f"{math.ceil(most / (rate / 2))} |")


def text(results):
    rate, where = rate_of(results)
    if not rate:
        return ("*The rate of one core is not measured: `./run bench wire`.*\n")
    size = mean_bytes(results)
    plan = rate / 2
    need = CALLS * CALL
    cores = math.ceil(need / plan)
    with_hold = math.ceil(CALLS * (CALL + HOLD) / plan)
    lines = [
        f"- One core forwards **{store.number(rate / 1e6)} M messages/s** ({where}). Plan with "
        f"half of it, {store.number(plan / 1e6)} M/s: bursts, and the node next to it failing, "
        "need the other half.",
        f"- A plain call is {CALL} messages through the proxy (INVITE, 100, 180, 200, ACK, BYE, "
        f"200), {CALL + HOLD} with one hold. One core then takes "
        f"**{store.number(plan / CALL)} calls/s**, {store.number(plan / (CALL + HOLD))} with a "
        "hold in each.",
        f"- {CALLS:,} calls/s are {store.number(need / 1e6)} M messages/s: **{cores} core"
        f"{'s' if cores > 1 else ''}** for plain calls, {with_hold} with a hold in each, and "
        f"{store.number(gigabits(need, size))} Gbit/s in each direction at {size:.0f} bytes of "
        "SIP on average.",
        f"- A registration is 2 messages. A million subscribers who register every half hour are "
        f"{store.number(2e6 / 1800)} messages/s: nothing to size for, until all of them come "
        f"back at once; then one core takes {store.number(rate / 2)} of them in a second.",
        "",
        "| port | messages of the mix, each direction | plain calls/s | cores to fill it at half "
        "load |",
        "| --- | ---: | ---: | ---: |",
        *nic_rows(rate, size),
    ]
    return "\n".join(lines) + "\n"
