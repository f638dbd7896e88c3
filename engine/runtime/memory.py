"""The amount of free memory, found without another package."""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from engine.errors import ErrorKind, RecsysError

if TYPE_CHECKING:
    import torch

#: Where Linux tells of processes and of control groups.
_PROC, _CGROUP = Path("/proc"), Path("/sys/fs/cgroup")


def available(device: torch.device | None = None) -> int | None:
    """The bytes that a computation on a device can still use; None if that is unknown.

    For the CPU (and for None) it is the least of what the operating system reports as available, what remains of the
    limits of the control groups that this process is in, and what remains of its own limit. Memory that holds files
    and can be given up at once counts as free; swap does not count.
    """
    if device is not None and device.type == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info(device)
        # Memory that torch has reserved and does not use can be used too.
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    known = [one for one in (_of_machine(), _of_control_groups(), _of_process()) if one is not None]
    return min(known) if known else None


@contextmanager
def failed_allocations() -> Iterator[None]:
    """Raise MemoryError where torch says with a RuntimeError that the CPU or another device has no memory left."""
    try:
        yield
    except RuntimeError as error:
        if "DefaultCPUAllocator" not in str(error) and type(error).__name__ != "OutOfMemoryError":
            raise
        raise MemoryError(str(error)) from error


def require_free(needed: float, work: str) -> None:
    """Refuse work on the CPU that needs more memory than is free.

    Parameters
    ----------
    needed
        The bytes that it needs.
    work
        What needs them, as the beginning of a sentence.

    Raises
    ------
    RecsysError
        If fewer bytes are free.
    """
    free = available()
    if free is not None and needed > free:
        raise RecsysError(
            f"{work} needs about {describe_bytes(needed)} of memory, and only {describe_bytes(free)} is free.",
            kind=ErrorKind.NOT_ENOUGH_MEMORY,
            needed=int(needed),
            free=free,
        )


def describe_bytes(size: float) -> str:
    """A number of bytes for a person: ``"312 MB"``, ``"4.1 GB"``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


# -- the machine ------------------------------------------------------------------------------------------------------
def _of_machine() -> int | None:
    if sys.platform == "win32":
        return _of_windows()
    reported = _entry(_PROC / "meminfo", "MemAvailable:")
    if reported is not None:
        return reported * 1024
    try:  # psutil knows what macOS and BSD do not tell in a file; it is used where it happens to be installed
        psutil = importlib.import_module("psutil")

        return int(psutil.virtual_memory().available)
    except ImportError:
        pass
    try:  # half of all memory is a cautious estimate
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


# -- limits of control groups and of the process ----------------------------------------------------------------------
def _of_control_groups() -> int | None:
    """What remains of the tightest limit: a group's own one, or one of a group around it."""
    remaining = [
        max(0, limit - used + reclaimable)
        for folder, limits, usage, cache in _groups()
        if (used := _number(folder / usage)) is not None
        for reclaimable in [_entry(folder / "memory.stat", cache) or 0]
        for name in limits
        if (limit := _number(folder / name)) is not None
    ]
    return min(remaining, default=None)


def _groups() -> Iterator[tuple[Path, tuple[str, ...], str, str]]:
    """Yield the folders of this process's groups, with the names of the limits, the usage and the entry of the cache.

    A container often sees its own group as the root, although its processes are listed with the path outside.
    """
    try:
        lines = (_PROC / "self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    paths = {"0": "/", "memory": "/"}
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            paths["0"] = path
        elif "memory" in controllers.split(","):
            paths["memory"] = path
    for folder in _ancestors(_CGROUP, paths["0"]):
        yield folder, ("memory.max", "memory.high"), "memory.current", "inactive_file"
    for folder in _ancestors(_CGROUP / "memory", paths["memory"]):
        yield folder, ("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file"


def _ancestors(root: Path, path: str) -> Iterator[Path]:
    relative = PurePosixPath(path.lstrip("/"))
    for part in (relative, *relative.parents):
        if ".." not in part.parts:
            yield root / part


def _of_process() -> int | None:
    """What remains of the limit of this process's address space."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    used = _entry(_PROC / "self/status", "VmSize:")
    return None if used is None else max(0, limit - used * 1024)


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # no such file, or "max"
        return None


def _entry(file: Path, name: str) -> int | None:
    try:
        for line in file.read_text().splitlines():
            words = line.split()
            if len(words) >= 2 and words[0] == name:
                return int(words[1])
    except (OSError, ValueError):
        return None
    return None
