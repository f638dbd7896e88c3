"""Local copies of the data that a person named by addresses, for the time in which it is read."""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from engine.datasets.locations.address import OBJECT_STORES, WEB, Address, parse
from engine.datasets.locations.fetched import Fetched
from engine.errors import OptionError, RecsysError
from engine.runtime.job import Job

if TYPE_CHECKING:
    from engine.data.dataset import Dataset


class LocalCopies:
    """Makes paths of what a person named: addresses are fetched, and patterns become the files that fit.

    Nothing but these addresses is contacted. The copies are removed when the context ends.

    Parameters
    ----------
    job
        Takes the progress and may be cancelled.
    log
        Called with the size of each file before it is downloaded.
    """

    def __init__(self, job: Job | None = None, log: Callable[[str], None] | None = None) -> None:
        self._job = job or Job()
        self._log = log or (lambda sentence: None)
        self._stack = ExitStack()
        self._folder: Path | None = None
        self._known: dict[str, list[Fetched]] = {}

    def __enter__(self) -> LocalCopies:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, RecsysError):
            # The place of a copy means nothing to a person, who named an address.
            error.args = (self._with_addresses(str(error)),)
        self._stack.close()

    def one(self, location: str | Path | None) -> Path | None:
        """The same as :meth:`path`, and None for None."""
        return None if location is None else self.path(location)

    def path(self, location: str | Path) -> Path:
        """The file or folder at a location. All files of a folder in an object store are fetched."""
        address = parse(location)
        if address is None or address.scheme == "file":
            return _path(location, address)
        copies = self._copies(str(location), address, whole_folder=True)
        return copies[0].path if len(copies) == 1 else self._folder_of(copies)

    def several(self, locations: str | Path | Sequence[str | Path] | None) -> list[Path]:
        """The files at one or several locations, of which each may be a pattern such as ``part-*.parquet``."""
        named = [] if locations is None else [locations] if isinstance(locations, (str, Path)) else locations
        found: list[Path] = []
        for location in named:
            address = parse(location)
            if address is None or address.scheme == "file":
                found += _matching(_path(location, address))
            else:
                found += [one.path for one in self._copies(str(location), address, whole_folder=False)]
        return found

    def described(self, dataset: Dataset) -> Dataset:
        """The data set, with a note on each copy that it was read from."""
        copies = [one for copies in self._known.values() for one in copies]
        if not copies:
            return dataset
        source = dict(dataset.source)
        source["addresses"] = [one.summary() for one in copies]
        source["notes"] = [*(" ".join(one.note.split()) for one in copies), *source.get("notes", ())]
        return replace(dataset, source=source)

    def _with_addresses(self, sentence: str) -> str:
        for copies in self._known.values():
            for copy in copies:
                sentence = sentence.replace(str(copy.path), copy.address)
            sentence = sentence.replace(str(self._folder_of(copies)), copies[0].address)
        return sentence

    def _copies(self, text: str, address: Address, *, whole_folder: bool) -> list[Fetched]:
        if text not in self._known:
            self._known[text] = self._fetch(address, whole_folder)
        return self._known[text]

    def _fetch(self, address: Address, whole_folder: bool) -> list[Fetched]:
        if not (address.is_web or address.is_object_store or address.is_database):
            raise OptionError(
                f"{address}: addresses of this kind cannot be read; these can: {', '.join((*WEB, *OBJECT_STORES))}, "
                "sqlite, postgresql, and databases with ?table= or ?query=.",
                name=address.scheme,
            )
        folder = self._new_folder()
        if address.is_web:
            from engine.datasets.locations import http

            return [http.download(address, folder, self._job, self._log)]
        if address.is_object_store:
            from engine.datasets.locations import object_store

            return object_store.download(address, folder, self._job, self._log, whole_folder=whole_folder)
        from engine.datasets.locations import database

        name = address.table or ("query" if len(self._known) == 0 else f"query {len(self._known) + 1}")
        return [database.fetch(address, folder / name.replace(os.sep, "_"), self._job, self._log)]

    def _new_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="recsys-tui-")))
        folder = self._folder / str(len(self._known) + 1)
        folder.mkdir()
        return folder

    def _folder_of(self, copies: Sequence[Fetched]) -> Path:
        """The folder that was made for these copies; they can lie in its subfolders."""
        assert self._folder is not None
        return self._folder / copies[0].path.relative_to(self._folder).parts[0]


def _path(location: str | Path, address: Address | None) -> Path:
    if address is not None:  # file://
        location = url2pathname(urlsplit(str(location)).path)
    # os.path.expanduser leaves the ~ of an unknown user as it is; Path.expanduser would raise.
    return Path(os.path.expanduser(location))


def _matching(path: Path) -> list[Path]:
    """The files that a pattern stands for, by name; any other path as it is."""
    if glob.has_magic(str(path)) and not os.path.lexists(path):
        return sorted(Path(one) for one in glob.glob(str(path))) or [path]
    return [path]
