# SPDX-License-Identifier: GPL-2.0-only
"""Wait for user interrupts of a card: with poll() on the node, or with an eventfd."""
import argparse
import fcntl
import os
import select
import struct
import sys
import time

# linux/exdma.h: struct exdma_eventfd is size, flags, fd, reserved
EVENTFD = struct.Struct("=IIiI")
# _IOWR(0xDA, 0x10, struct exdma_eventfd)
EXDMA_IOC_SET_EVENTFD = 3 << 30 | EVENTFD.size << 16 | 0xDA << 8 | 0x10


def service():
    """Here a program makes its logic lower the line, say by a write to /dev/exdma0_user."""


def on_node(node):
    """The node itself is polled; reading it says how many events there were."""
    poller = select.poll()
    poller.register(node, select.POLLIN)

    def wait(milliseconds):
        for _, what in poller.poll(milliseconds):
            if what & (select.POLLHUP | select.POLLERR):
                sys.exit("events: the card is gone")
            return struct.unpack("=I", os.read(node, 4))[0]
        return 0
    return wait


def on_eventfd(node):
    """An eventfd is polled, which may be one of many; the node tells that the card is gone."""
    counter = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
    fcntl.ioctl(node, EXDMA_IOC_SET_EVENTFD, EVENTFD.pack(EVENTFD.size, 0, counter, 0))
    poller = select.poll()
    poller.register(counter, select.POLLIN)
    poller.register(node, 0)        # POLLHUP and POLLERR come unasked

    def wait(milliseconds):
        for fd, _ in poller.poll(milliseconds):
            if fd == node:
                sys.exit("events: the card is gone")
            return os.eventfd_read(counter)
        return 0
    return wait


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("node", help="as in /dev/exdma0_event0")
parser.add_argument("--eventfd", action="store_true", help="poll an eventfd, not the node")
parser.add_argument("--count", type=int, default=5, help="end after so many events (5)")
parser.add_argument("--timeout", type=float, default=10, help="seconds to wait for one (10)")
options = parser.parse_args()

try:
    line = os.open(options.node, os.O_RDWR)
    wait_for = (on_eventfd if options.eventfd else on_node)(line)
    seen = 0
    while seen < options.count:
        events = wait_for(options.timeout * 1000)
        if not events:
            sys.exit(f"events: none came within {options.timeout} s")
        seen += events
        print(f"{time.strftime('%H:%M:%S')}  {events} more, {seen} in all", flush=True)
        service()
        os.write(line, struct.pack("=I", 1))    # serviced: the next one may come
except OSError as error:
    sys.exit(f"events: {options.node}: {error.strerror}")
