#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""embed.py PAGE.HTML STYLE.CSS SCRIPT.JS OUT.C: the status page as one C array.

Style and script are put where the page says; the policy names them by their hashes, so that no
other script or style can run in the page, whatever gets into it."""
import base64
import hashlib
import sys


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def source(text):
    digest = hashlib.sha256(text.encode()).digest()
    return "'sha256-%s'" % base64.b64encode(digest).decode()


page, style, script = (read(path) for path in sys.argv[1:4])
if "</style" in style or "</script" in script:
    sys.exit("embed.py: an end tag inside style or script")
policy = "; ".join([
    "default-src 'none'", "script-src " + source(script), "style-src " + source(style),
    "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'",
    "frame-ancestors 'none'"])
data = page.replace("/*STYLE*/", style).replace("/*SCRIPT*/", script).encode()
with open(sys.argv[4], "w", encoding="ascii") as out:
    out.write('#include "control/watch/status_page.h"\n\n')
    out.write('const char status_page_policy[] = "%s";\n' % policy)
    out.write("const size_t status_page_len = %d;\n" % len(data))
    out.write("const unsigned char status_page[] = {\n")
    for i in range(0, len(data), 24):
        out.write(",".join(map(str, data[i:i + 24])) + ",\n")
    out.write("};\n")
