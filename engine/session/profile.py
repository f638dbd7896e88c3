"""The profile service: what the open data set is like, computed once and then read from a file."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import DataError, MissingError
from engine.runtime.job import Job, Progress
from engine.runtime.lazy_import import import_in_background
from engine.session.open_dataset import OpenDataset
from engine.storage.atomic import write_json
from engine.storage.guarded import convert_file, read_json, require_checksum, with_checksum
from engine.workspace.layout import PROFILE

if TYPE_CHECKING:
    from engine.data.profile import Profile

#: Changes whenever the same data would give another profile, so that stored ones are made anew.
_VERSION = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the file of a profile says of itself."""

    version: int
    tables: dict[str, str]
    profile: dict[str, Any]


class ProfileService:
    """Computes the profile of the open data set, and keeps it beside the data set's tables.

    Parameters
    ----------
    opened
        The data set.
    """

    def __init__(self, opened: OpenDataset) -> None:
        self._opened = opened

    def profile(self, job: Job | None = None) -> Profile:
        """The profile of the data set: the stored one, if the tables are still those that it was computed from.

        Parameters
        ----------
        job
            Takes the progress, and may be cancelled between two steps.

        Raises
        ------
        DataError
            If the data set cannot be read.
        CancelledError
            If the job was cancelled.
        """
        job = job or Job()
        stored = self._read()
        if stored is not None:
            return stored
        import_in_background("pandas", "pyarrow.compute")
        from engine.data.profile import profile_of

        def report(step: str, done: int, total: int) -> None:
            job.checkpoint()
            job.report(Progress(step, done, total, "steps"))

        profile = profile_of(self._opened.dataset, report)
        self._keep(profile)
        return profile

    @property
    def _path(self) -> Path:
        return self._opened.workspace.dataset_folder(self._opened.name) / PROFILE

    def _tables(self) -> dict[str, str]:
        return {table: str(entry["sha256"]) for table, entry in self._opened.manifest.files.items()}

    def _read(self) -> Profile | None:
        from engine.data.profile import Profile

        path = self._path
        try:
            raw = read_json(path, dict[str, Any])
            require_checksum(path, raw)
            stored = convert_file(path, raw, _Stored)
            if stored.version != _VERSION or stored.tables != self._tables():
                return None
            return convert_file(path, stored.profile, Profile)
        except MissingError:
            return None
        except DataError as error:  # it is computed again
            _log.info("the stored profile is not used: %s", error)
            return None

    def _keep(self, profile: Profile) -> None:
        try:
            content = asdict(_Stored(_VERSION, self._tables(), asdict(profile)))
            write_json(self._path, with_checksum(content))
        except DataError as error:
            _log.info("the profile is not kept: %s", error)
