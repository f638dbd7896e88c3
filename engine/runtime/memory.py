"""The amount of free memory, found without another package."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import torch


def available(device: torch.device) -> int | None:
    """The bytes that a computation on a device can still use; None if that is unknown.

    For the CPU it is what the operating system reports as available, or what remains of the limit of a container if
    that is less.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # Memory that torch has reserved and does not use can be used too.
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    known = [one for one in (_of_machine(), _of_container()) if one is not None]
    return min(known) if known else None


def describe(size: float) -> str:
    """A number of bytes for a person: ``"312 MB"``, ``"4.1 GB"``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _of_machine() -> int | None:
    if sys.platform == "win32":
        return _of_windows()
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:  # macOS and BSD do not report what is available; half of all memory is a cautious estimate
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (ValueError, OSError, AttributeError):
        return None


def _of_windows() -> int | None:
    class Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "available", "a", "b", "c", "d", "e")),
        ]

    status = Status(length=ctypes.sizeof(Status))
    succeeded = getattr(ctypes, "windll").kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # noqa: B009
    return int(status.available) if succeeded else None


def _of_container() -> int | None:
    """What remains of the limit of the control group, of version 2 or else of version 1."""
    root = Path("/sys/fs/cgroup")
    for limit, used in (
        (root / "memory.max", root / "memory.current"),
        (root / "memory/memory.limit_in_bytes", root / "memory/memory.usage_in_bytes"),
    ):
        try:
            return max(0, int(limit.read_text()) - int(used.read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return None
