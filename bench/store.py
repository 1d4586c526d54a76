# SPDX-License-Identifier: BSD-3-Clause
"""The stored results of the bench: bench/results/PART.json, one object for each part."""

import json
import os

PARTS = ("core", "wire", "peers", "scale", "reload", "streams")


def load(folder):
    """{part: object} of the parts that have a readable file."""
    results = {}
    for part in PARTS:
        try:
            with open(os.path.join(folder, part + ".json"), encoding="utf-8") as f:
                results[part] = json.load(f)
        except (OSError, ValueError):
            continue
    return results


def measured(results, part):
    """The object of a part that was measured, if only in part, or None."""
    result = results.get(part)
    return result if result and result.get("rows") else None


def figure(results, part, name):
    """The row or the ratio of this name, or None."""
    result = measured(results, part) or {}
    for item in result.get("rows", []) + result.get("ratios", []):
        if item.get("name") == name:
            return item
    return None


def value(results, part, name):
    item = figure(results, part, name)
    return item["value"] if item else None


def number(value):
    """For people: three digits that count, thousands set apart."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if value == int(value):
        return f"{value:.0f}"
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size >= 0.01:
        return f"{value:.2f}"
    return f"{value:.2g}"
