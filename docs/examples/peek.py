# SPDX-License-Identifier: GPL-2.0-only
"""Look at card memory, or change it, with os.pread() and os.pwrite() alone."""
import argparse
import os
import sys


def read_all(fd, address, length):
    """Up to length bytes; fewer only where the memory ends."""
    data = b""
    while len(data) < length:
        piece = os.pread(fd, length - len(data), address + len(data))
        if not piece:
            break
        data += piece
    return data


def write_all(fd, address, data):
    """All of data, or OSError: ENOSPC says that the memory ends before."""
    done = 0
    while done < len(data):
        done += os.pwrite(fd, data[done:], address + done)


def dump(address, data):
    """16 bytes in a line."""
    for at in range(0, len(data), 16):
        line = data[at:at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in line)
        print(f"{address + at:012x}  {line.hex(' '):47}  {text}")


def number(text):
    """4096 or 0x1000."""
    return int(text, 0)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("node", help="as in /dev/exdma0")
parser.add_argument("address", type=number, help="card address in bytes")
parser.add_argument("length", type=number, nargs="?", default=16, help="bytes to show (16)")
parser.add_argument("--write", metavar="HEX", type=bytes.fromhex, help="put these bytes there first")
options = parser.parse_args()

try:
    fd = os.open(options.node, os.O_RDONLY if options.write is None else os.O_RDWR)
    if options.write is not None:
        write_all(fd, options.address, options.write)
    found = read_all(fd, options.address, options.length)
except OSError as error:
    sys.exit(f"peek: {options.node}: {error.strerror}")
dump(options.address, found)
if len(found) < options.length:
    sys.exit(f"peek: the memory ends at {options.address + len(found):#x}")
