"""What a process has used so far, as the Linux kernel counts it."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
# Fields of /proc/<pid>/stat behind the command name, counted from 0 (proc(5) numbers them from 3).
_PARENT, _USER, _SYSTEM = 1, 11, 12


def cpu_ms(pid: int) -> float:
    """CPU time of a process and all its threads, in milliseconds; the kernel counts in steps of 10."""
    fields = _stat(pid)
    return (int(fields[_USER]) + int(fields[_SYSTEM])) * 1000 / _TICKS


def rss_mb(pid: int) -> float:
    """Memory of a process that is in RAM, in megabytes (2^20 bytes)."""
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def children(pid: int) -> list[int]:
    """The processes that a process started and that still run, oldest first."""
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            try:
                if int(_stat(int(entry.name))[_PARENT]) == pid:
                    found.append(int(entry.name))
            except (OSError, ValueError):
                continue  # it ended while we looked
    return sorted(found)


def _stat(pid: int) -> list[str]:
    # The command name stands in brackets and may itself hold brackets and spaces.
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
