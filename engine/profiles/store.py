"""The profiles on disk: a file of JSON lines for each, in the data folder but in no data set's."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import DamagedError, MissingError, OptionError, UnknownError
from engine.profiles.profile import Entry, Link, Profile
from engine.storage.atomic import cannot_write, sync_committed, writing
from engine.storage.guarded import damaged, read_bytes, require_file
from engine.storage.lock import locked
from engine.storage.schema import SchemaError, convert, require_shallow
from engine.workspace.layout import PROFILES

T = TypeVar("T")

#: The profile that is meant if none is named.
DEFAULT = "me"
_ENDING = ".jsonl"
_TRASH = ".trash"
#: How long a removed profile can be put back.
KEPT_FOR = timedelta(days=30)
_TIME = "%Y%m%dT%H%M%S%fZ"
_TRASHED = re.compile(r"\.(?P<name>.+)\.(?P<time>\d{8}T\d{12}Z)\.trash")
_NAME = re.compile(r"[^\W_][\w .-]{0,63}")
#: Names that Windows keeps for devices.
_RESERVED = re.compile(r"(?i:con|prn|aux|nul|com\d|lpt\d)(\..*)?")
#: Half a million entries; a person's export has some thousands.
_LARGEST = 256 << 20
#: The version of a profile with ratings on a scale that reaches to 0 or below; else it is 1, which older programs read.
_VERSION = 2
_FIELDS = tuple(field.name for field in fields(Entry))
_LINK = tuple(field.name for field in fields(Link))


@dataclass(frozen=True, slots=True)
class _Header:
    format: str
    version: int


class ProfileStore:
    """The profiles in a data folder.

    Parameters
    ----------
    folder
        The data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / PROFILES
        self._read: dict[str, tuple[tuple[int, int, int], Profile]] = {}

    def files(self) -> dict[str, Path]:
        """The name and the file of each stored profile, by name; those of damaged ones, too."""
        if not self._folder.is_dir():
            return {}
        found = {path.name.removesuffix(_ENDING): path for path in self._folder.glob(f"*{_ENDING}")}
        return dict(sorted(found.items()))

    def names(self) -> list[str]:
        """The names of the stored profiles; those of damaged ones, too."""
        return list(self.files())

    def path(self, name: str) -> Path:
        """Where a profile is stored.

        Raises
        ------
        OptionError
            If no profile can have this name.
        """
        plain = unicodedata.normalize("NFC", name)
        if not _NAME.fullmatch(plain) or plain.endswith((" ", ".")) or _RESERVED.fullmatch(plain):
            raise OptionError(
                f"No profile can be called {name[:70]!r}: use letters, digits, spaces, points and hyphens.", name=name
            )
        return self._folder / f"{plain}{_ENDING}"

    def read(self, name: str) -> Profile:
        """A profile; an empty one if none of this name is stored.

        Raises
        ------
        OptionError
            If no profile can have this name.
        DataError
            If the file cannot be read, or is damaged. It is never replaced then.
        """
        path = self.path(name)
        try:
            require_file(path)
            stamp = _stamp(path)
            known = self._read.get(name)
            if known is None or known[0] != stamp:
                known = self._read[name] = stamp, _load(path, name)
        except (MissingError, FileNotFoundError):
            return Profile(name)
        return known[1]

    def change(self, name: str, change: Callable[[Profile], tuple[Profile, T]]) -> T:
        """Change a profile while no other process does.

        Parameters
        ----------
        name
            The name of the profile, which is created if necessary.
        change
            Called with the stored profile; returns the new one, and what this method returns.

        Raises
        ------
        OptionError, DataError
            As :meth:`read`, and if the file cannot be written; the profile is then unchanged.
        BusyError
            If another process did not finish its change in time.
        """
        path = self.path(name)
        with locked(path.with_suffix(".lock"), purpose="changing a profile"):
            before = self.read(name)
            after, value = change(before)
            if after != before:
                with writing(path, mode=0o600) as temporary:
                    temporary.write_text(_dump(after), encoding="utf-8", errors="replace")
                self._read.pop(name, None)
                with suppress(OSError):  # it is stored; then it is read again
                    self._read[name] = _stamp(path), after
        return value

    def make(self, name: str) -> None:
        """Store an empty profile.

        Raises
        ------
        OptionError
            If no profile can have this name, or one has it.
        DataError
            If the folder cannot be written.
        """
        path = self.path(name)
        with locked(path.with_suffix(".lock"), purpose="making a profile"):
            _require_free(path, name)
            with writing(path, mode=0o600) as temporary:
                temporary.write_text(_dump(Profile(name)), encoding="utf-8")

    def rename(self, name: str, new_name: str) -> None:
        """Give a profile another name.

        Raises
        ------
        OptionError
            If no profile can have the new name, or one has it.
        UnknownError
            If there is no such profile.
        DataError
            If the folder cannot be written.
        """
        path, target = self.path(name), self.path(new_name)
        with ExitStack() as locks:
            for one in sorted({path.with_suffix(".lock"), target.with_suffix(".lock")}):
                locks.enter_context(locked(one, purpose="renaming a profile"))
            _require_free(target, new_name)
            self._move(path, target, name)

    def move_to_trash(self, name: str) -> None:
        """Set a profile aside, so that it can be put back for thirty days.

        Those that were removed longer ago are deleted.

        Raises
        ------
        OptionError
            If no profile can have this name.
        UnknownError
            If there is no such profile.
        DataError
            If the folder cannot be written.
        """
        path = self.path(name)
        with locked(path.with_suffix(".lock"), purpose="removing a profile"):
            time = datetime.now(UTC).strftime(_TIME)
            self._move(path, path.with_name(f".{path.name.removesuffix(_ENDING)}.{time}{_TRASH}"), name)
        self._empty_trash()

    def _empty_trash(self) -> None:
        limit = (datetime.now(UTC) - KEPT_FOR).strftime(_TIME)
        for path in self._folder.iterdir():
            if (match := _TRASHED.fullmatch(path.name)) and match["time"] < limit:
                with suppress(OSError):  # it is tried again when the next profile is removed
                    path.unlink()

    def trashed(self) -> dict[str, Path]:
        """The name and the file of each profile that can be put back, the latest removal first."""
        if not self._folder.is_dir():
            return {}
        found = [(match, path) for path in self._folder.iterdir() if (match := _TRASHED.fullmatch(path.name))]
        found.sort(key=lambda pair: pair[0]["time"], reverse=True)
        trash: dict[str, Path] = {}
        for match, path in found:
            trash.setdefault(match["name"], path)
        return trash

    def put_back(self, name: str) -> None:
        """Put back the profile of this name that was removed last.

        Raises
        ------
        OptionError
            If another profile has this name by now.
        UnknownError
            If no profile of this name was removed.
        """
        path = self.path(name)
        with locked(path.with_suffix(".lock"), purpose="putting a profile back"):
            _require_free(path, name)
            trash = self.trashed()
            if name not in trash:
                raise UnknownError(f"No profile {name!r} was removed.", tuple(trash))
            self._move(trash[name], path, name)

    def _move(self, path: Path, target: Path, name: str) -> None:
        if not path.is_file():
            raise UnknownError(f"There is no profile {name!r}.", tuple(self.names()))
        try:
            path.rename(target)
            sync_committed(target.parent)
        except OSError as error:
            raise cannot_write(target, error) from error
        self._read.clear()

    def remove(self, name: str) -> bool:
        """Delete a profile; whether there was one."""
        path = self.path(name)
        with locked(path.with_suffix(".lock"), purpose="removing a profile"):
            self._read.pop(name, None)
            try:
                path.unlink()
            except FileNotFoundError:
                return False
        return True


def _require_free(path: Path, name: str) -> None:
    if path.exists():
        raise OptionError(f"There is a profile {name!r} already: choose another name.", name=name)


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _dump(profile: Profile) -> str:
    version = 1 if all(entry.lowest is None for entry in profile.entries) else _VERSION
    lines: list[Any] = [asdict(_Header("recsys-tui profile", version))]
    for entry in profile.entries:
        # Not by asdict, which copies deeply and takes as long as everything else that a rating does.
        values: dict[str, Any] = {name: getattr(entry, name) for name in _FIELDS}
        values["links"] = {
            dataset: {name: getattr(link, name) for name in _LINK} for dataset, link in entry.links.items()
        }
        # What has its default is left out, so that a person can read the file.
        lines.append({name: value for name, value in values.items() if name == "title" or value not in (None, "", {})})
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines)


def _load(path: Path, name: str) -> Profile:
    try:
        text = read_bytes(path, _LARGEST).decode("utf-8")
    except UnicodeDecodeError:
        raise damaged(path, "it is not text in UTF-8") from None
    lines = text.split("\n")
    header = _parse(path, 1, lines[0], _Header)
    if header.version > _VERSION:
        raise DamagedError(
            f"{path}: was written by a later version of the program, which must be used to read it.", file=str(path)
        )
    entries = [_parse(path, number, line, Entry) for number, line in enumerate(lines[1:], 2) if line.strip()]
    for number, entry in enumerate(entries, 2):
        if not entry.is_possible:
            raise damaged(path, f"its line {number:,} has an impossible rating")
    return Profile(name, tuple(entries))


def _parse(path: Path, number: int, line: str, kind: type[T]) -> T:
    try:
        value = json.loads(line)
        require_shallow(value)
        return convert(value, kind)
    except SchemaError as error:
        why = str(error)
    except (ValueError, RecursionError):
        why = "it is not JSON"
    raise DamagedError(f"{path}, line {number:,}: is damaged, since {why}.", file=str(path), row=number)
