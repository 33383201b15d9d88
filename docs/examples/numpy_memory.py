# SPDX-License-Identifier: GPL-2.0-only
"""A numpy array to card memory and back, without a copy in between.

The card reads the array's own pages, and writes into those of another one.
"""
import argparse
import os
import sys
import time

try:
    import numpy
except ImportError:
    print("numpy_memory: numpy is not installed, so there is nothing to show:"
          " apt install python3-numpy", file=sys.stderr)
    sys.exit(0)


def as_bytes(array):
    """The same memory as bytes. What is not contiguous would have to be copied."""
    if not array.flags.c_contiguous:
        raise ValueError("the array is not contiguous: numpy.ascontiguousarray() copies it")
    return memoryview(array.reshape(-1).view(numpy.uint8))


def to_card(fd, address, array):
    """Writes the array at a card address."""
    memory = as_bytes(array)
    done = 0
    while done < len(memory):
        done += os.pwritev(fd, [memory[done:]], address + done)


def from_card(fd, address, array):
    """Fills the array from a card address."""
    memory = as_bytes(array)
    done = 0
    while done < len(memory):
        got = os.preadv(fd, [memory[done:]], address + done)
        if not got:
            raise EOFError(f"the card's memory ends at {address + done:#x}")
        done += got


def timed(what, move, fd, address, array):
    """Moves it, and says how fast."""
    start = time.perf_counter()
    move(fd, address, array)
    seconds = time.perf_counter() - start
    print(f"{what}: {array.nbytes} bytes, {array.nbytes / seconds / 1e6:.1f} MB/s")


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("node", help="as in /dev/exdma0")
parser.add_argument("--address", type=lambda text: int(text, 0), default=0,
                    help="card address in bytes (0)")
parser.add_argument("--rows", type=int, default=1024, help="of 1024 numbers of 64 bits (1024)")
options = parser.parse_args()

sent = numpy.random.default_rng().standard_normal((options.rows, 1024))
got = numpy.empty_like(sent)
try:
    card = os.open(options.node, os.O_RDWR)
    timed("to the card", to_card, card, options.address, sent)
    timed("from the card", from_card, card, options.address, got)
except (OSError, EOFError) as error:
    sys.exit(f"numpy_memory: {options.node}: {error}")
if not numpy.array_equal(sent, got):
    sys.exit("numpy_memory: what came back is something else")
print(f"the same {sent.shape[0]} x {sent.shape[1]} numbers came back")
