#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""embed.py PAGE NAME OUT: a C file OUT with an HTML page as `const char NAME[]`, NUL behind.

Style sheets and scripts that the page names are put into it; they lie in the page's folder. C11 has
no #embed, and what the linker offers for it differs between linkers.
"""

import os
import re
import sys

PARTS = (
    (re.compile(r'<link rel="stylesheet" href="([\w.]+)">'), "<style>\n%s</style>"),
    (re.compile(r'<script src="([\w.]+)"></script>'), "<script>\n%s</script>"),
)


def page(path):
    text = open(path, encoding="utf-8").read()
    folder = os.path.dirname(path)

    def part(name, frame):
        inner = open(os.path.join(folder, name), encoding="utf-8").read()
        if "</script" in inner or "</style" in inner:
            sys.exit("%s would end its element" % name)
        return frame % inner

    for pattern, frame in PARTS:
        text = pattern.sub(lambda m, frame=frame: part(m.group(1), frame), text)
    return text


def main(source, name, out):
    data = page(source).encode("utf-8")
    rows = [", ".join(str(b) for b in data[i : i + 24]) for i in range(0, len(data), 24)]
    with open(out, "w", encoding="ascii") as to:
        to.write("/* Made by embed.py. */\n")
        to.write("extern const char %s[];\n" % name)
        to.write("const char %s[] = {\n%s, 0\n};\n" % (name, ",\n".join(rows)))


main(*sys.argv[1:])
