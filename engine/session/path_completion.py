"""Completions of a half-typed path to a file or a folder that may hold data."""

from __future__ import annotations

import os
from pathlib import Path

#: The ends of names of files that a reader may read, packed or not.
_ENDS = """csv tsv tab psv txt dat data json jsonl ndjson parquet inter item user base test xlsx xls xlsb ods xml log
edges zip gz bz2 xz zst tar tgz"""
_READABLE = frozenset(f".{end}" for end in _ENDS.split())
#: The most entries of one folder that are looked at.
_MOST_ENTRIES = 20_000


def complete_path(text: str, limit: int = 50) -> list[str]:
    """The folders and files whose path begins with what is typed, folders first; hidden ones only if asked for.

    Parameters
    ----------
    text
        A path as it is typed, with ``~`` for the home folder. Case does not matter.
    limit
        The most that are returned.

    Returns
    -------
    list of str
        Paths in the form of ``text``; those of folders end with a slash. Files that no reader reads are left out.
    """
    folder, name = os.path.split(text)
    entries: list[tuple[bool, str]] = []
    try:
        with os.scandir(Path(os.path.expanduser(folder or "."))) as found:
            for number, entry in enumerate(found):
                if number >= _MOST_ENTRIES:
                    break
                if entry.name.casefold().startswith(name.casefold()) and (name or not entry.name.startswith(".")):
                    is_folder = _is_folder(entry)
                    if is_folder or os.path.splitext(entry.name)[1].lower() in _READABLE:
                        entries.append((not is_folder, entry.name))
    except (OSError, ValueError):  # a ValueError for a name that no file can have
        return []
    entries.sort(key=lambda entry: (entry[0], entry[1].casefold()))
    return [os.path.join(folder, name) + ("" if is_file else os.sep) for is_file, name in entries[:limit]]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
