"""Locks between processes: who holds one, since when and for what, and waiting for it.

The system releases a lock when the process that holds it ends, even after a crash. On a file system without locks a
second file names the holder; it counts no more when the holder is dead.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import BusyError
from engine.runtime.job import Job, Progress
from engine.storage.atomic import cannot_write, make_folder
from engine.storage.file_lock import try_to_lock, unlock

#: Seconds to wait for work that takes a moment, and for work that takes as long as an embedding or a training.
SHORT_WAIT, LONG_WAIT = 60.0, 12 * 3600.0
#: Seconds between two attempts, at first and at most: short enough that an interrupt is obeyed at once.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1
#: Seconds after which the lock of a process on another machine counts no more, on a file system without locks.
_ABANDONED = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock; an empty text or None is unknown.

    Attributes
    ----------
    pid
        The number of the process.
    host
        The name of the machine.
    since
        When the lock was taken, in ISO 8601 with the time zone.
    purpose
        What it is held for, such as ``"embedding films"``.
    details
        What a second process compares with its own to see whether both want the same.
    """

    pid: int | None = None
    host: str = ""
    since: str = ""
    purpose: str = ""
    details: str = ""

    def describe(self, *, purpose: bool = True) -> str:
        """The holder in words: ``process 71, embedding films since 10:02``, or without the purpose."""
        who = "another process" if self.pid is None else f"process {self.pid}"
        if self.host and self.host != platform.node():
            who += f" on {self.host}"
        return who + (f", {self.purpose}" if purpose and self.purpose else "") + self._since()

    def _since(self) -> str:
        try:
            begun = datetime.fromisoformat(self.since).astimezone()
        except ValueError:
            return ""
        today = begun.date() == datetime.now().astimezone().date()
        return f" since {begun:%H:%M}" if today else f" since {begun:%Y-%m-%d %H:%M}"


#: Called at each attempt with who holds the lock; what it raises ends the waiting.
OnWait = Callable[[Holder], None]


def report_wait(job: Job) -> OnWait:
    """A function for ``on_wait`` that reports for whom a job waits, and stops the waiting when the job is cancelled."""

    def on_wait(holder: Holder) -> None:
        job.checkpoint()
        job.report(Progress(f"waiting for {holder.describe()}"))

    return on_wait


#: Called where nobody else hears of the waiting.
_announce: OnWait | None = None


@contextmanager
def announcing_waits(on_wait: OnWait) -> Iterator[None]:
    """Have waiting be announced by a function where no other is given, as commands do that report no progress."""
    global _announce
    before, _announce = _announce, on_wait
    try:
        yield
    finally:
        _announce = before


@contextmanager
def locked(
    path: Path,
    *,
    wait: bool = True,
    purpose: str = "",
    details: str = "",
    timeout: float = SHORT_WAIT,
    on_wait: OnWait | None = None,
) -> Iterator[bool]:
    """Hold a lock on the file ``path``, which says meanwhile who holds it.

    Parameters
    ----------
    path
        The lock file. It is created if necessary and never deleted, since another process may be waiting for it.
    wait
        Whether to wait while another process, or another thread, holds the lock.
    purpose, details
        See :class:`Holder`. They must hold no personal data.
    timeout
        For how many seconds to wait.
    on_wait
        Called at each attempt while the lock is held by another; by default that of :func:`announcing_waits`.

    Yields
    ------
    bool
        Whether the lock is held; it is always true after waiting.

    Raises
    ------
    BusyError
        If the lock could not be had in time.
    DataError
        If the file cannot be created.
    """
    try:
        make_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        lock = _Lock(path, descriptor, Holder(os.getpid(), platform.node(), _now(), purpose, details))
        if not lock.take() and not (wait and _wait(lock, timeout, on_wait or _announce)):
            yield False
            return
        try:
            yield True
        finally:
            lock.release()
    finally:
        os.close(descriptor)


def holder_of(path: Path) -> Holder:
    """Who holds the lock on a file, as far as it says so."""
    claim = path.with_name(f"{path.name}.holder")
    return _decoded(claim if claim.exists() else path)


def _wait(lock: _Lock, timeout: float, on_wait: OnWait | None) -> bool:
    end, pause = time.monotonic() + timeout, _FIRST_PAUSE
    while not lock.take():
        holder = lock.holder()
        if on_wait is not None:
            on_wait(holder)
        if time.monotonic() >= end:
            raise BusyError(
                f"{lock.path}: {holder.describe()} is still at work after {timeout:,.0f} seconds: wait until it ends, "
                "or stop it, and try again.",
                file=str(lock.path),
                pid=holder.pid,
                host=holder.host,
                since=holder.since,
                purpose=holder.purpose,
            )
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    return True


class _Lock:
    """A lock on an open file, or a file that names the holder where the file system has no locks."""

    def __init__(self, path: Path, descriptor: int, own: Holder) -> None:
        self.path = path
        self._descriptor = descriptor
        self._own = own
        self._claim = path.with_name(f"{path.name}.holder")
        self._claimed = False

    def take(self) -> bool:
        """Try to get the lock."""
        taken = try_to_lock(self._descriptor)
        if taken is None:
            return self._take_claim()
        if taken:
            with suppress(OSError):  # a full disk takes nothing away but the name of the holder
                os.ftruncate(self._descriptor, 0)
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                os.write(self._descriptor, _encoded(self._own))
        return taken

    def holder(self) -> Holder:
        """Who holds the lock."""
        return holder_of(self.path)

    def release(self) -> None:
        """Give the lock back; what the file says of its holder is deleted before."""
        if self._claimed:
            with suppress(OSError):
                self._claim.unlink()
            return
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        unlock(self._descriptor)

    def _take_claim(self) -> bool:
        for _ in range(2):
            try:
                descriptor = os.open(self._claim, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            except FileExistsError:
                if not self._remove_stale():
                    return False
                continue
            except OSError:
                return True  # nothing is left to lock with
            with os.fdopen(descriptor, "wb") as file, suppress(OSError):
                file.write(_encoded(self._own))
            self._claimed = True
            return True
        return False

    def _remove_stale(self) -> bool:
        """Remove the claim of a holder that is dead; whether there is no claim any more."""
        holder = _decoded(self._claim)
        try:
            if not _is_dead(holder, time.time() - self._claim.stat().st_mtime):
                return False
            # Of several processes that see the same stale claim one renames it.
            aside = self._claim.with_name(f".{self._claim.name}.{uuid.uuid4().hex[:8]}")
            self._claim.rename(aside)
            if _decoded(aside) != holder:  # it is the claim of one that was quicker, which gets it back
                os.link(aside, self._claim)
                aside.unlink()
                return False
            aside.unlink()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


def _is_dead(holder: Holder, age: float) -> bool:
    if holder.pid is None:
        return age > 1  # it was killed before it wrote its name
    if holder.host != platform.node():
        return age > _ABANDONED
    if sys.platform == "win32":
        return age > _ABANDONED  # a signal to ask whether a process lives would end it there
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it belongs to another person
    return False


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _encoded(holder: Holder) -> bytes:
    return json.dumps(asdict(holder)).encode()


def _decoded(path: Path) -> Holder:
    """Who a file names; an unknown holder if it names none, or is just being written."""
    try:
        with open(path, "rb") as file:
            raw: Any = json.loads(file.read(1 << 16))
        pid, *texts = (raw[name] for name in ("pid", "host", "since", "purpose", "details"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Holder()
    if not isinstance(pid, int) or not all(isinstance(text, str) for text in texts):
        return Holder()
    *words, details = texts
    host, since, purpose = (" ".join(word.split())[:200] for word in words)
    return Holder(pid, host, since, purpose, details)
