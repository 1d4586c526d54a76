# SPDX-License-Identifier: BSD-3-Clause
"""xdp_attach.py NAME IF: puts an XDP program on an interface that passes everything, under a name.

By two system calls and a netlink message, as older tools do it: it stays when this process ends.
"""

import ctypes
import os
import socket
import struct
import sys

BPF, BPF_PROG_LOAD, BPF_PROG_TYPE_XDP = 321, 5, 6  # the number of the call on x86-64
RTM_SETLINK, REQUEST_ACK = 19, 5
IFLA_XDP, NESTED, IFLA_XDP_FD = 43, 0x8000, 1

name, interface = sys.argv[1:]
code = ctypes.create_string_buffer(
    struct.pack("<BBhi", 0xB7, 0, 0, 2) + struct.pack("<BBhi", 0x95, 0, 0, 0)
)  # r0 = XDP_PASS; exit
licence = ctypes.create_string_buffer(b"BSD")
attr = struct.pack(
    "<IIQQIIQII16s",
    BPF_PROG_TYPE_XDP,
    2,
    ctypes.addressof(code),
    ctypes.addressof(licence),
    0,
    0,
    0,
    0,
    0,
    name.encode(),
)
libc = ctypes.CDLL(None, use_errno=True)
program = libc.syscall(BPF, BPF_PROG_LOAD, attr, len(attr))
if program < 0:
    sys.exit("program: " + os.strerror(ctypes.get_errno()))

nested = struct.pack("<HHi", 8, IFLA_XDP_FD, program)
body = struct.pack("<BxHiII", 0, 0, socket.if_nametoindex(interface), 0, 0)
body += struct.pack("<HH", 4 + len(nested), IFLA_XDP | NESTED) + nested
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.send(struct.pack("<IHHII", 16 + len(body), RTM_SETLINK, REQUEST_ACK, 1, 0) + body)
error = struct.unpack_from("<i", s.recv(4096), 16)[0]
if error:
    sys.exit("attachment: " + os.strerror(-error))
