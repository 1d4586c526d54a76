# SPDX-License-Identifier: BSD-3-Clause
"""A series of a bench result as an SVG: lines, points or bars over one axis each.

Written by hand and not by a plotting library: the same numbers must give the same bytes on every
machine, since a check compares them. Colours follow the reader's light or dark scheme.
"""

import math
from xml.sax.saxutils import escape

import store

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 72, 20, 48, 56
LEGEND = 20  # height of a line of it
LINE = 13  # height of a line of a label below a bar
CURVES = 6

STYLE = """
  svg { --paper: #ffffff; --ink: #1d2c3a; --soft: #5c6b78; --grid: #dde3e8;
        --c0: #1f6fb2; --c1: #c4531b; --c2: #2f7d43; --c3: #8a3fa0; --c4: #8a6d00; --c5: #b0305c; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #10161c; --ink: #e4ebf1; --soft: #9fb0bf; --grid: #2b3742;
          --c0: #63b0f0; --c1: #f2935c; --c2: #6ccb85; --c3: #cf95e6; --c4: #dcbb46;
          --c5: #f285ab; }
  }
  text { fill: var(--ink); } .soft { fill: var(--soft); }
  .paper { fill: var(--paper); } .grid { stroke: var(--grid); stroke-width: 1; }
  .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
"""


class Axis:
    """Values to a stretch of pixels, linear or by logarithm, with ticks at round numbers.
    @from_zero: begins at 0, or at a whole decade."""

    def __init__(self, values, log, pixels, from_zero=False):
        self.first, self.last = pixels
        low, high = min(values), max(values)
        self.log = log and low > 0
        if self.log:
            self.low, self.high = math.log10(low), math.log10(high)
            if from_zero or self.low == self.high:
                self.low = math.floor(self.low)
                self.high = max(math.ceil(self.high), self.low + 1)
            self.ticks = self.decades(10**self.low, 10**self.high)
            return
        low = min(low, 0) if from_zero else low
        high = high if high > low else low + 1
        step = self.step(high - low)
        self.low = math.floor(low / step + 1e-9) * step
        self.high = math.ceil(high / step - 1e-9) * step
        n = round((self.high - self.low) / step)
        self.ticks = [self.low + i * step for i in range(n + 1)]

    @staticmethod
    def step(span):
        raw = 10 ** math.floor(math.log10(span / 5))
        return next(raw * m for m in (1, 2, 5, 10) if span / (raw * m) <= 6)

    @staticmethod
    def decades(low, high):
        ticks = []
        for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
            ticks += [m * 10.0**e for m in (1, 2, 5)]
        ticks = [t for t in ticks if low * 0.999 <= t <= high * 1.001]
        whole = [t for t in ticks if abs(math.log10(t) - round(math.log10(t))) < 1e-9]
        return whole if len(ticks) > 8 and len(whole) > 2 else ticks

    def far_enough(self, pixels):
        """The ticks that are so far apart that their texts do not meet."""
        kept = []
        for tick in self.ticks:
            if not kept or abs(self.at(tick) - self.at(kept[-1])) >= pixels:
                kept.append(tick)
        return kept

    def at(self, value):
        x = math.log10(value) if self.log else value
        return self.first + (x - self.low) / (self.high - self.low) * (self.last - self.first)


def tick_text(value):
    if abs(value) >= 1e6 and value % 1e5 == 0:
        return f"{value / 1e6:g} M"
    if abs(value) >= 1e4 and value % 1e3 == 0:
        return f"{value / 1e3:g} k"
    return f"{value:g}" if abs(value) < 1e4 else store.number(value)


def wrapped(label, width):
    """The words of the label in lines of that many characters, if its words let it."""
    lines = [""]
    for word in str(label).split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def with_unit(axis):
    unit = axis.get("unit", "")
    return axis["name"] + (f", {unit}" if unit else "")


def text(x, y, content, anchor="middle", css="", size=12, extra=""):
    css = f' class="{css}"' if css else ""
    return (f'  <text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
            f"{css}{extra}>{escape(str(content))}</text>")


class Plot:
    def __init__(self, series):
        self.series = series
        self.curves = [c for c in series["y"] if any(v is not None for v in c["values"])]
        self.bars = series.get("kind") == "bar"
        self.top = TOP + LEGEND * (len(self.curves) > 1)
        self.xs = series["x"]["values"]
        self.labels = [wrapped(tick_text(x) if not isinstance(x, str) else x, self.label_width())
                       for x in self.xs] if self.named() else []
        lines = max(map(len, self.labels), default=1)
        self.bottom = HEIGHT - BOTTOM - LINE * (lines - 1)
        self.out = []
        ys = [v for c in self.curves for v in c["values"] if v is not None]
        log = series.get("y_scale") == "log"
        self.y = Axis(ys, log, (self.bottom, self.top), from_zero=True)
        self.x = None
        if not self.named():
            self.x = Axis(self.xs, series["x"].get("scale") == "log", (LEFT, WIDTH - RIGHT))
            if self.x.log and len(self.xs) <= 10:
                self.x.ticks = sorted(self.xs)

    def named(self):
        """Whether x values are names, one place each, and no numbers on an axis."""
        return self.bars or any(isinstance(x, str) for x in self.xs)

    def label_size(self):
        return 10 if len(self.xs) > 6 else 12

    def label_width(self):
        return (WIDTH - RIGHT - LEFT) / len(self.xs) / (0.58 * self.label_size())

    def place(self, i):
        """Where the i-th x value is."""
        if self.x:
            return self.x.at(self.xs[i])
        return LEFT + (i + 0.5) * (WIDTH - RIGHT - LEFT) / len(self.xs)

    def axes(self):
        for tick in self.y.ticks:
            y = self.y.at(tick)
            self.out.append(f'  <path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
            self.out.append(text(LEFT - 8, y + 4, tick_text(tick), "end", "soft"))
        for tick in self.x.far_enough(34) if self.x else []:
            self.out.append(text(self.x.at(tick), self.bottom + 18, tick_text(tick), css="soft"))
        for i, lines in enumerate(self.labels):
            for k, line in enumerate(lines):
                self.out.append(text(self.place(i), self.bottom + 18 + LINE * k, line, css="soft",
                                     size=self.label_size()))
        if self.series["x"]["name"]:
            self.out.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14,
                                 with_unit(self.series["x"])))

    def legend(self):
        if len(self.curves) < 2:
            return
        x = LEFT
        for i, curve in enumerate(self.curves):
            self.out.append(f'  <rect x="{x}" y="{TOP - 8}" width="12" height="12" rx="2" '
                            f'fill="var(--c{i % CURVES})"/>')
            self.out.append(text(x + 17, TOP + 2, curve["name"], "start"))
            x += 32 + 7 * len(curve["name"])

    def line(self, i, curve):
        colour = f"var(--c{i % CURVES})"
        points = [(self.place(k), self.y.at(v)) for k, v in enumerate(curve["values"])
                  if v is not None and not (self.y.log and v <= 0)]
        if self.series.get("kind", "line") == "line":
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
            self.out.append(f'  <path class="curve" stroke="{colour}" d="M{path}"/>')
        for x, y in points:
            self.out.append(f'  <circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{colour}"/>')

    def bar(self, i, curve):
        room = (WIDTH - RIGHT - LEFT) / len(self.xs)
        width = min(0.7 * room / len(self.curves), 64)
        for k, value in enumerate(curve["values"]):
            if value is None:
                continue
            x = self.place(k) + (i - len(self.curves) / 2) * width
            y = self.y.at(value)
            self.out.append(f'  <rect x="{x:.1f}" y="{y:.1f}" width="{width - 2:.1f}" '
                            f'height="{max(self.bottom - y, 0.5):.1f}" '
                            f'fill="var(--c{i % CURVES})"/>')
            self.out.append(text(x + width / 2 - 1, y - 4, store.number(value), size=11))

    def svg(self):
        self.axes()
        self.legend()
        for i, curve in enumerate(self.curves):
            (self.bar if self.bars else self.line)(i, curve)
        label = escape(self.series.get("label", self.series["name"]))
        head = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="Helvetica, Arial, sans-serif">',
            "  <!-- SPDX-License-Identifier: BSD-3-Clause -->",
            "  <!-- made by bench/page.py -->",
            f"  <title>{label}</title>",
            f"  <style>{STYLE}  </style>",
            f'  <rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
            text(LEFT, 24, self.series.get("label", self.series["name"]), "start", size=14,
                 extra=' font-weight="bold"'),
            text(WIDTH - RIGHT, 24, self.curves[0].get("unit", ""), "end", "soft"),
        ]
        return "\n".join(head + self.out + ["</svg>", ""])


def drawable(series):
    return any(v is not None for c in series["y"] for v in c["values"])


def svg(series):
    """The plot of one item of "series"."""
    return Plot(series).svg()
