"""A disk that fails: every change of a file below one folder is a step, before which anything can happen.

:class:`Disk` replaces the calls by which this process changes files. Before each change it calls a function, which may
raise an error, or take an :class:`Image` of what would be found after a kill or a power failure at this moment.
Libraries that write from native code are given a file of Python's instead of a path.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

#: A write of more bytes is two steps, so that it can stop in the middle.
_TORN = 512


@dataclass(frozen=True)
class Step:
    """A change that is about to happen: ``open``, ``write``, ``fsync``, ``rename``, ``unlink`` and so on."""

    kind: str
    path: str


@dataclass(frozen=True)
class Image:
    """The content of a folder: path -> bytes, and None for a folder."""

    files: Mapping[str, bytes | None]

    @property
    def key(self) -> frozenset[tuple[str, bytes | None]]:
        return frozenset(self.files.items())

    def restore(self, folder: Path) -> None:
        """Give a folder this content; what is there already is not written again."""
        folder.mkdir(parents=True, exist_ok=True)
        there = image_of(folder).files
        for name in sorted(there.keys() - self.files.keys(), reverse=True):
            (folder / name).rmdir() if there[name] is None else (folder / name).unlink()
        for name, content in sorted(self.files.items()):
            if content is None:
                (folder / name).mkdir(exist_ok=True)
            elif there.get(name) != content:
                (folder / name).write_bytes(content)


def image_of(folder: Path) -> Image:
    """What another process finds in a folder."""
    files: dict[str, bytes | None] = {}
    for parent, folders, names in os.walk(folder):
        prefix = parent[len(str(folder)) + 1 :]
        files |= {os.path.join(prefix, name): None for name in folders}
        for name in names:
            with _OPEN(os.path.join(parent, name), "rb") as file:
                files[os.path.join(prefix, name)] = file.read()
    return Image(files)


_OPEN = open
_OS_OPEN = os.open


class Disk:
    """Calls ``before`` with each :class:`Step` on a file below ``root``.

    Parameters
    ----------
    root
        The folder to watch.
    before
        What happens before a step.
    """

    def __init__(self, root: Path, before: Callable[[Step], None]) -> None:
        self._root = str(root)
        self._before = before
        self._original: dict[str, Any] = {}

    def __enter__(self) -> Disk:
        self._patch = patch = pytest.MonkeyPatch()
        for name in ("open", "fsync", "replace", "rename", "unlink", "remove", "rmdir", "mkdir", "ftruncate"):
            self._original[name] = getattr(os, name)
            patch.setattr(os, name, getattr(self, f"_{name}"))
        for module in (builtins, io):
            patch.setattr(module, "open", self._open_file)
        self._write_table = pyarrow.parquet.write_table
        patch.setattr(pyarrow.parquet, "write_table", self._parquet)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()

    # -- the calls of the module os -------------------------------------------------------------------------------
    def _open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        where = self._path(path, dir_fd)
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            self._step("open", where)
        elif not os.path.isdir(where):
            self._step("read", where)
        descriptor = self._original["open"](path, flags, mode, dir_fd=dir_fd)
        if flags & os.O_CREAT:
            self.created(where)
        return int(descriptor)

    def _fsync(self, descriptor: int) -> None:
        where = self._path_of(descriptor)
        self._step("fsync", where)
        self._original["fsync"](descriptor)
        if where.startswith(self._root):
            self.synced(where)

    def _replace(self, source: Any, target: Any, **options: Any) -> None:
        self._step("rename", self._path(target, options.get("dst_dir_fd")))
        self._original["replace"](source, target, **options)
        self.renamed(self._path(target, options.get("dst_dir_fd")))

    def _rename(self, source: Any, target: Any, **options: Any) -> None:
        self._step("rename", self._path(target, options.get("dst_dir_fd")))
        self._original["rename"](source, target, **options)

    def _unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._step("unlink", self._path(path, dir_fd))
        self._original["unlink"](path, dir_fd=dir_fd)

    _remove = _unlink

    def _rmdir(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._step("rmdir", self._path(path, dir_fd))
        self._original["rmdir"](path, dir_fd=dir_fd)

    def _mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        where = self._path(path, dir_fd)
        self._step("mkdir", where)
        self._original["mkdir"](path, mode, dir_fd=dir_fd)
        self.created(where)

    def _ftruncate(self, descriptor: int, length: int) -> None:
        self._step("truncate", self._path_of(descriptor))
        self._original["ftruncate"](descriptor, length)

    # -- files ----------------------------------------------------------------------------------------------------
    def _open_file(
        self,
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        where = "" if isinstance(file, int) else self._path(file)
        if not where.startswith(self._root) or not set(mode) & set("wax+"):
            if where.startswith(self._root):
                self._step("read", where)
            return _OPEN(file, mode, buffering, encoding, errors, newline, closefd, opener)
        self._step("open", where)
        raw: Any = _SteppedFile(where, mode.replace("b", "").replace("t", ""), self._step)
        self.created(where)
        if buffering != 0:
            raw = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return raw if "b" in mode else io.TextIOWrapper(raw, encoding, errors, newline)

    def _parquet(self, table: Any, where: Any, **options: Any) -> None:
        with open(where, "wb") as file:
            self._write_table(table, file, **options)

    def _step(self, kind: str, where: str) -> None:
        if where.startswith(self._root):
            self._before(Step(kind, where[len(self._root) + 1 :]))

    def _path(self, path: Any, dir_fd: int | None = None) -> str:
        name = os.fsdecode(path)
        return os.path.abspath(name) if dir_fd is None else os.path.join(self._path_of(dir_fd), name)

    @staticmethod
    def _path_of(descriptor: int) -> str:
        return os.readlink(f"/proc/self/fd/{descriptor}")

    def created(self, path: str) -> None:
        """A file or folder exists now."""

    def renamed(self, path: str) -> None:
        """A file has this name now."""

    def synced(self, path: str) -> None:
        """The content of a file, or the names in a folder, are on the disk now."""


class _SteppedFile(io.FileIO):
    def __init__(self, path: str, mode: str, step: Callable[[str, str], None]) -> None:
        self._step, self._where = step, path
        super().__init__(path, mode)

    def write(self, data: Any) -> int:
        self._step("write", self._where)
        content, half = memoryview(data).cast("B"), 0
        if len(content) > _TORN:
            half = len(content) // 2
            super().write(content[:half])
            self._step("write", self._where)
        return half + super().write(content[half:])

    def truncate(self, size: int | None = None) -> int:
        self._step("truncate", self._where)
        return super().truncate(size)


# -- what is found after a kill or a power failure --------------------------------------------------------------------
@dataclass
class Recorder:
    """Takes the images of a folder that can be found after a kill or a power failure before each step.

    After a kill there is what was written. After a power failure there is what was synced, with the names that were
    synced; or also with those of files that took the place of others; or with all newer names. File systems differ.
    """

    root: Path
    killed: dict[Any, tuple[Image, Step | None]] = field(default_factory=dict)
    powerless: dict[Any, tuple[Image, Step | None]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._disk = Disk(self.root, self._before)
        self._disk.created = self._see  # type: ignore[method-assign]
        self._disk.synced = self._sync  # type: ignore[method-assign]
        self._disk.renamed = self._rename  # type: ignore[method-assign]
        self._held: dict[int, int] = {}
        self._content: dict[int, bytes] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._replaced: dict[int, dict[str, int]] = {}
        for path in (self.root, *self.root.rglob("*")):
            self._see(str(path))
            self._sync(str(path))

    def record(self, operation: Callable[[], object]) -> None:
        """Run an operation and take the images."""
        try:
            with self._disk:
                operation()
            self._take(None)
        finally:
            for descriptor in self._held.values():
                os.close(descriptor)

    def _before(self, step: Step) -> None:
        if step.kind != "read":
            self.steps.append(step)
            self._take(step)

    def _take(self, step: Step | None) -> None:
        found = image_of(self.root)
        self.killed.setdefault(found.key, (found, step))
        for image in self._without_power():
            self.powerless.setdefault(image.key, (image, step))
        if step is None:
            self.after = [found, *self._without_power()]

    def _see(self, path: str) -> None:
        """Keep a file open, so that no other file gets its number when it is deleted."""
        about = os.stat(path)
        if about.st_ino not in self._held:
            self._held[about.st_ino] = _OS_OPEN(path, os.O_RDONLY)

    def _rename(self, path: str) -> None:
        folder, name = os.path.split(path)
        self._replaced.setdefault(os.stat(folder).st_ino, {})[name] = os.stat(path).st_ino

    def _sync(self, path: str) -> None:
        if not os.path.exists(path):
            return
        if os.path.isdir(path):
            number = os.stat(path).st_ino
            self._names[number] = {entry.name: entry.inode() for entry in os.scandir(path)}
            self._replaced.pop(number, None)
        else:
            with _OPEN(path, "rb") as file:
                self._content[os.stat(path).st_ino] = file.read()

    def _without_power(self) -> list[Image]:
        synced: dict[str, bytes | None] = {}
        self._collect(os.stat(self.root).st_ino, "", synced, {})
        replaced: dict[str, bytes | None] = {}
        self._collect(os.stat(self.root).st_ino, "", replaced, self._replaced)
        newer: dict[str, bytes | None] = {}
        for path in self.root.rglob("*"):
            content = None if path.is_dir() else self._content.get(path.stat().st_ino, b"")
            newer[str(path.relative_to(self.root))] = content
        return [Image(synced), Image(replaced), Image(newer)]

    def _collect(
        self, folder: int, prefix: str, found: dict[str, bytes | None], replaced: Mapping[int, Mapping[str, int]]
    ) -> None:
        for name, number in {**self._names.get(folder, {}), **replaced.get(folder, {})}.items():
            if os.path.isdir(f"/proc/self/fd/{self._held[number]}"):
                found[prefix + name] = None
                self._collect(number, f"{prefix}{name}/", found, replaced)
            else:
                found[prefix + name] = self._content.get(number, b"")


# -- errors -----------------------------------------------------------------------------------------------------------
#: The steps that a full disk, or one that turned read-only, refuses from then on.
_LASTING = {
    "ENOSPC": ("open", "write", "mkdir", "fsync"),
    "EROFS": ("open", "write", "mkdir", "rename", "unlink", "rmdir", "truncate"),
}


@dataclass
class Fault:
    """Raises an error before a step, and for a state of the disk that lasts before each one that follows.

    Parameters
    ----------
    number
        The number of the step, from 0, among those at which the error can happen.
    error
        ``"interrupt"`` for a KeyboardInterrupt, else the name of a number in :mod:`errno`.
    """

    number: int
    error: str
    happened: Step | None = None
    _count: int = -1

    def __call__(self, step: Step) -> None:
        if step.kind == "read" and self.error != "EIO":
            return
        lasting = _LASTING.get(self.error)
        if lasting is not None and step.kind not in lasting:
            return
        self._count += 1
        if self._count < self.number or (self.happened is not None and lasting is None):
            return
        self.happened = self.happened or step
        if self.error == "interrupt":
            raise KeyboardInterrupt
        raise OSError(getattr(errno, self.error), os.strerror(getattr(errno, self.error)), step.path)
