#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""embed.py OBJECT OUT.C: the compiled XDP program as a C array, so that no file beside the daemon
can be missing or of another version."""
import sys

with open(sys.argv[1], "rb") as f:
    data = f.read()
with open(sys.argv[2], "w", encoding="ascii") as out:
    out.write('#include "dataplane/xdp/xdp_steer.h"\n\n')
    out.write("const size_t xdp_object_len = %d;\n" % len(data))
    # libelf reads its tables in place.
    out.write("const uint8_t xdp_object[] __attribute__((aligned(16))) = {\n")
    for i in range(0, len(data), 24):
        out.write(",".join(map(str, data[i:i + 24])) + ",\n")
    out.write("};\n")
