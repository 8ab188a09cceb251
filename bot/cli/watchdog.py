"""Ends what a supervisor leaves behind when it is killed without a chance to clean up.

Started by the supervisor as a program of its own, with nothing but the standard library. Each line on
standard input is a process group to watch (`+123`) or no longer to watch (`-123`). The end of the input is the
end of the supervisor, however it came: the groups that are left get SIGTERM, and SIGKILL some seconds later.
"""

from __future__ import annotations

import os
import signal
import sys
import time

PATIENCE_S = 4.0


def main() -> None:
    """Watch until the supervisor is gone."""
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        change = groups.add if line.startswith("+") else groups.discard
        change(int(line[1:]))
    end(groups)


def end(groups: set[int]) -> None:
    """Ask, wait, then force."""
    left = {group for group in groups if signal_group(group, signal.SIGTERM)}
    until = time.monotonic() + PATIENCE_S
    while left and time.monotonic() < until:
        time.sleep(0.1)
        left = {group for group in left if signal_group(group, 0)}
    for group in left:
        signal_group(group, signal.SIGKILL)


def signal_group(group: int, number: int) -> bool:
    """Send the signal to each process of the group; False when there is none."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
