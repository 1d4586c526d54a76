#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""udp_load.py FILE: a pcap of requests by UDP to 10.1.0.10:5060, 1,024 distinct ones, for a device
that plays it for ever."""

import socket
import struct
import sys

MESSAGES = 1024
BODY = "v=0\r\no=- 1 1 IN IP4 10.1.0.1\r\ns=-\r\nc=IN IP4 10.1.0.1\r\nt=0 0\r\n" \
       "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"


def message(n):
    return (f"INVITE sip:user{n % 997}@example.com SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 10.1.0.1:5060;rport;branch=z9hG4bK{n * 2654435761 % 2**32:08x}\r\n"
            "Max-Forwards: 70\r\n"
            f"From: \"Caller {n}\" <sip:caller{n}@example.com>;tag={n:x}\r\n"
            f"To: <sip:user{n % 997}@example.com>\r\n"
            f"Call-ID: {n * 40503 % 2**32:08x}-{n}@10.1.0.1\r\nCSeq: 1 INVITE\r\n"
            f"Contact: <sip:caller{n}@10.1.0.1:5060>\r\n"
            "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\nSupported: timer, 100rel\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(BODY)}\r\n\r\n{BODY}").encode()


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def frame(payload):
    source, to = socket.inet_aton("10.1.0.1"), socket.inet_aton("10.1.0.10")
    udp = struct.pack("!HHHH", 5060, 5060, len(payload) + 8, 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, len(udp) + 20, 0, 0, 64, 17, 0, source, to)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return bytes.fromhex("027063617000020000000101") + b"\x08\x00" + ip + udp


with open(sys.argv[1], "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    for i in range(MESSAGES):
        one = frame(message(i))
        f.write(struct.pack("<IIII", 0, i, len(one), len(one)) + one)
