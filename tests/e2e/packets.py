# SPDX-License-Identifier: BSD-3-Clause
"""Frames and packets, made and read byte by byte, for what no socket would send; and captures."""

import select
import socket
import struct
import time

from siplab import Netns, SO_RCVBUFFORCE, Sip, WAIT


def frames(ns, device):
    """A socket that sees every Ethernet frame of a device and can send frames as they are."""
    with Netns(ns):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
        s.bind((device, 0))
    return s


def inet_sum(data):
    """The Internet checksum of RFC 1071, complemented."""
    data = bytes(data) + b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def udp_header(source, sport, target, dport, payload, checksum=None):
    """UDP header with a right checksum, or the one given."""
    length = 8 + len(payload)
    header = struct.pack("!HHHH", sport, dport, length, 0)
    pseudo = (
        packed(source)
        + packed(target)
        + (
            struct.pack("!IHBB", length, 0, 0, 17)
            if ":" in source
            else struct.pack("!BBH", 0, 17, length)
        )
    )
    if checksum is None:
        checksum = inet_sum(pseudo + header + payload) or 0xFFFF
    return header[:6] + struct.pack("!H", checksum)


def ip_packet(source, target, protocol, payload, more=False, offset=0, ident=1, options=b""):
    """An IPv4 or IPv6 packet, by its addresses; IPv6 has a fragment header only in a fragment."""
    if ":" in source:
        if more or offset:
            payload = struct.pack("!BBHI", protocol, 0, offset | more, ident) + payload
            protocol = 44
        return (
            struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64)
            + packed(source)
            + packed(target)
            + payload
        )
    size = 20 + len(options)
    header = struct.pack(
        "!BBHHHBBH",
        0x40 | size // 4,
        0,
        size + len(payload),
        ident,
        more << 13 | offset // 8,
        64,
        protocol,
        0,
    )
    header += packed(source) + packed(target) + options
    return header[:10] + struct.pack("!H", inet_sum(header)) + header[12:] + payload


def mac_of(ns, device):
    with Netns(ns):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        s.bind((device, 0))
        mac = s.getsockname()[4]
        s.close()
    return mac


def ethernet(target, source, packet, tag=b""):
    """A frame; tag: an 802.1Q header to put in."""
    return (
        target
        + source
        + tag
        + struct.pack("!H", 0x86DD if packet[0] >> 4 == 6 else 0x0800)
        + packet
    )


class Packet:
    """What a frame carries, as far as the checks look."""

    def __init__(self, frame):
        kind, at = struct.unpack("!H", frame[12:14])[0], 14
        if kind == 0x8100:
            kind, at = struct.unpack("!H", frame[16:18])[0], 18
        self.kind, self.protocol, self.offset, self.more, self.size = kind, None, 0, False, 0
        self.source = self.target = self.payload = None
        if kind == 0x0800:
            head = frame[at : at + 20]
            self.size = struct.unpack("!H", head[2:4])[0]
            flags = struct.unpack("!H", head[6:8])[0]
            self.more, self.offset, self.dont = (
                bool(flags & 0x2000),
                (flags & 0x1FFF) * 8,
                bool(flags & 0x4000),
            )
            self.protocol = head[9]
            self.source, self.target = socket.inet_ntoa(head[12:16]), socket.inet_ntoa(head[16:20])
            self.payload = frame[at + (head[0] & 15) * 4 : at + self.size]
        elif kind == 0x86DD:
            head = frame[at : at + 40]
            self.size = 40 + struct.unpack("!H", head[4:6])[0]
            self.protocol = head[6]
            self.source = socket.inet_ntop(socket.AF_INET6, head[8:24])
            self.target = socket.inet_ntop(socket.AF_INET6, head[24:40])
            self.payload = frame[at + 40 : at + self.size]
            if self.protocol == 44:
                self.protocol = self.payload[0]
                field = struct.unpack("!H", self.payload[2:4])[0]
                self.more, self.offset = bool(field & 1), field & 0xFFF8
                self.payload = self.payload[8:]


def collect(sock, keep, seconds=0.3, least=0, wait=WAIT):
    """Packets on a frames() socket that keep(packet) wants, until `seconds` brought none and
    `least` have come, or `wait` is over."""
    out, end = [], time.monotonic() + wait
    while True:
        ready, _, _ = select.select([sock], [], [], seconds)
        if not ready:
            if len(out) >= least or time.monotonic() > end:
                return out
            continue
        packet = Packet(sock.recv(65536))
        if packet.payload is not None and keep(packet):
            out.append(packet)


def pcap(path):
    """(seconds, Packet) of each frame of a file that tcpdump wrote."""
    with open(path, "rb") as f:
        data = f.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at + 16 <= len(data):
        sec, frac, kept, _ = struct.unpack(order + "IIII", data[at : at + 16])
        yield sec + frac / 1e6, Packet(data[at + 16 : at + 16 + kept])
        at += 16 + kept


def pcap_sip(path):
    """(source, target, Sip) of each unfragmented UDP datagram on port 5060 in a capture."""
    for _, p in pcap(path):
        if p.protocol == 17 and not p.offset and not p.more and len(p.payload) > 24:
            if 5060 in struct.unpack("!HH", p.payload[:4]):
                yield p.source, p.target, Sip(p.payload[8:])
