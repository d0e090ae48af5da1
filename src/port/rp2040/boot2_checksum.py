#!/usr/bin/env python3
"""Appends the checksum that the RP2040's ROM wants of a second stage (datasheet, 2.8.1.3.1).

    boot2_checksum.py boot2.bin OUTPUT.S

The ROM takes CRC-32 with polynomial 0x04c11db7, first value all ones, bits not reflected, result not inverted,
over the first 252 bytes; the CRC is the last four, little-endian.
"""

import struct
import sys

BYTES = 252


def crc32(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 1 << 31 else 0)) & 0xFFFFFFFF
    return crc


def main():
    source, target = sys.argv[1:]
    with open(source, "rb") as file:
        code = file.read()
    if len(code) > BYTES:
        sys.exit(f"the second stage has {len(code)} bytes; {BYTES} is the limit")
    code = code.ljust(BYTES, b"\0")
    block = code + struct.pack("<I", crc32(code))
    with open(target, "w", encoding="ascii") as out:
        out.write('.section .boot2, "a"\n.global __boot2\n__boot2:\n')
        for start in range(0, len(block), 16):
            out.write(".byte " + ", ".join(f"0x{byte:02x}" for byte in block[start:start + 16]) + "\n")


main()
