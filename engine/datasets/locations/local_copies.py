"""Local copies of the data that a person named by addresses, for the time in which it is read."""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from engine.data.pictures import PictureColumn, without_pictures
from engine.datasets.locations.address import OBJECT_STORES, WEB, Address, parse
from engine.datasets.locations.fetched import Fetched
from engine.datasets.locations.workbook import Sheet, copy_sheet, is_workbook, split_sheet
from engine.errors import DataError, OptionError, RecsysError
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
    header
        Whether the first row of a sheet holds the names of the columns; see
        :func:`engine.datasets.locations.workbook.copy_sheet`.
    """

    def __init__(
        self, job: Job | None = None, log: Callable[[str], None] | None = None, *, header: bool | None = None
    ) -> None:
        self._job = job or Job()
        self._log = log or (lambda sentence: None)
        self._stack = ExitStack()
        self._folder: Path | None = None
        self._header = header
        self._known: dict[str, list[Fetched]] = {}
        self._sheets: dict[Path, Sheet] = {}

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
            return self._as_table(*_path_and_sheet(location, address))
        copies = self._copies(str(location), address, whole_folder=True)
        return self._as_table(copies[0].path, address.fragment) if len(copies) == 1 else self._folder_of(copies)

    def several(self, locations: str | Path | Sequence[str | Path] | None) -> list[Path]:
        """The files at one or several locations, of which each may be a pattern such as ``part-*.parquet``."""
        named = [] if locations is None else [locations] if isinstance(locations, (str, Path)) else locations
        found: list[Path] = []
        for location in named:
            address = parse(location)
            if address is None or address.scheme == "file":
                path, sheet = _path_and_sheet(location, address)
                found += [self._as_table(one, sheet) for one in _matching(path)]
            else:
                copies = self._copies(str(location), address, whole_folder=False)
                found += [self._as_table(one.path, address.fragment) for one in copies]
        return found

    def described(self, dataset: Dataset) -> Dataset:
        """The data set, with a note on each copy that it was read from."""
        copies = [one for copies in self._known.values() for one in copies]
        remarks = [*(one.note for one in copies), *(one for sheet in self._sheets.values() for one in sheet.remarks)]
        if not copies and not remarks:
            return dataset
        source = self._with_lasting_pictures(dataset.source)
        if copies:
            source["addresses"] = [one.summary() for one in copies]
        source["notes"] = [*(" ".join(one.split()) for one in remarks), *source.get("notes", ())]
        return replace(dataset, source=source)

    def _with_lasting_pictures(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """The source of a data set; pictures beside a workbook last, those beside what was fetched do not."""
        pictures = PictureColumn.of_source(source)
        if pictures is None or self._folder is None or not Path(pictures.folder).is_relative_to(self._folder.resolve()):
            return dict(source)
        for path, sheet in self._sheets.items():
            if sheet.path.parent.resolve() == Path(pictures.folder) and self._folder not in path.parents:
                return {**source, **PictureColumn(pictures.column, str(path.parent.resolve())).as_source()}
        return without_pictures(source)

    def _as_table(self, path: Path, sheet: str) -> Path:
        """The copy of a sheet if the file is a workbook, else the file itself."""
        if not is_workbook(path):
            return path
        key = path.with_name(f"{path.name}#{sheet}")
        if key not in self._sheets:
            self._sheets[key] = copy_sheet(path, sheet, self._new_folder(), self._job, header=self._header)
        return self._sheets[key].path

    def _with_addresses(self, sentence: str) -> str:
        for path, sheet in self._sheets.items():
            sentence = sentence.replace(str(sheet.path), str(path).rstrip("#"))
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
        folder = self._folder / str(len(self._known) + len(self._sheets) + 1)
        folder.mkdir()
        return folder

    def _folder_of(self, copies: Sequence[Fetched]) -> Path:
        """The folder that was made for these copies; they can lie in its subfolders."""
        assert self._folder is not None
        return self._folder / copies[0].path.relative_to(self._folder).parts[0]


def _path_and_sheet(location: str | Path, address: Address | None) -> tuple[Path, str]:
    if address is not None:  # file://
        location = url2pathname(urlsplit(str(location)).path)
    # os.path.expanduser leaves the ~ of an unknown user as it is; Path.expanduser would raise.
    path, sheet = split_sheet(Path(os.path.expanduser(location)))
    if sheet and not is_workbook(path):
        raise DataError(f"{path.name} is no workbook, so it has no sheet {sheet!r}.", file=path.name)
    return path, sheet


def _matching(path: Path) -> list[Path]:
    """The files that a pattern stands for, by name; any other path as it is."""
    if glob.has_magic(str(path)) and not os.path.lexists(path):
        return sorted(Path(one) for one in glob.glob(str(path))) or [path]
    return [path]
