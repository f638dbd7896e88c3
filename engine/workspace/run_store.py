"""The records of the runs on one data set: kept, annotated, removed, and taken back.

Each run is a file ``NUMBER.json`` and, for an evaluation, ``NUMBER.npz`` with the values of each user. Writing the JSON
file commits a run, so the arrays are written first. Removing a run moves its JSON file to the folder ``removed``, from
where it can be taken back until :data:`KEPT_SECONDS` have passed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.data.runs import RunRecord, ValuesFile
from engine.errors import DataError, ErrorKind, MissingError, UnknownError
from engine.storage.atomic import cannot_write, checksum, make_folder, sync_committed, write_json, writing
from engine.storage.guarded import with_checksum
from engine.storage.versions import delete
from engine.workspace.layout import RUNS
from engine.workspace.run_files import RECORD, REMOVED, clear_runs, numbers_in, read_run, require_values

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.workspace.dataset_store import Workspace

#: How long removed runs are kept: thirty days.
KEPT_SECONDS = 30 * 24 * 3600.0
#: The most characters of a note.
LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class StoredRuns:
    """The runs that could be read, in the order of their numbers, and a sentence for each record that is damaged."""

    runs: tuple[RunRecord, ...]
    damage: tuple[str, ...] = ()


class RunStore:
    """The stored runs of one data set.

    Parameters
    ----------
    workspace
        The workspace that holds the data set.
    dataset
        The name of the data set.
    """

    def __init__(self, workspace: Workspace, dataset: str) -> None:
        self._workspace = workspace
        self._dataset = dataset

    @property
    def folder(self) -> Path:
        """The folder of the records, whether it exists or not."""
        return self._workspace.dataset_folder(self._dataset) / RUNS

    def list(self, *, removed: bool = False) -> StoredRuns:
        """All runs, or all removed ones that can be taken back. A damaged record is named and hides no other."""
        folder = self._place(removed)
        runs, damage = [], []
        present = set(numbers_in(self.folder, RECORD)) if removed else ()
        for number in numbers_in(folder, RECORD):
            if number in present:
                continue  # a power failure left both names
            try:
                runs.append(read_run(folder / f"{number}.json", number))
            except MissingError:
                continue  # removed by another process since the folder was read
            except DataError as error:
                damage.append(str(error))
        return StoredRuns(tuple(runs), tuple(damage))

    def get(self, number: int, *, removed: bool = False) -> RunRecord:
        """One run.

        Raises
        ------
        UnknownError
            If there is no run of this number.
        DataError
            If its record is damaged or cannot be read.
        """
        try:
            return read_run(self._place(removed) / f"{number}.json", number)
        except MissingError:
            raise self._unknown(number, removed) from None

    def add(self, run: RunRecord, values: Mapping[str, npt.NDArray[np.generic]] | None = None) -> RunRecord:
        """Store a run under the next number.

        Parameters
        ----------
        run
            The run; its number is ignored.
        values
            Arrays to keep beside it.

        Returns
        -------
        RunRecord
            The run as it is stored.

        Raises
        ------
        DataError
            If it cannot be written, or the data set was removed.
        """
        with self._workspace.exclusive(f"recording a run on {self._dataset}"):
            if self._dataset not in self._workspace:
                raise DataError(f"The data set {self._dataset!r} was removed, so no run on it is recorded.")
            taken = [*numbers_in(self.folder, RECORD), *numbers_in(self.folder / REMOVED, RECORD), 0]
            run = replace(run, id=max(taken) + 1, values=None)
            if values is not None:
                run = replace(run, values=self._write_values(run.id, values))
            self._write(run)
            self._clear_expired()
        return run

    def values(self, run: RunRecord) -> dict[str, npt.NDArray[np.generic]] | None:
        """The arrays beside a run; None if it has none.

        Raises
        ------
        DataError
            If they are damaged or cannot be read.
        """
        from engine.storage.arrays import read_npz

        if run.values is None:
            return None
        path = self.folder / f"{run.id}.npz"
        require_values(path, run.values)
        return read_npz(path)

    def annotate(self, number: int, note: str) -> RunRecord:
        """Replace the note of a run.

        Raises
        ------
        UnknownError
            If there is no run of this number.
        DataError
            If the note is too long, or the record is damaged or cannot be written.
        """
        if len(note) > LONGEST_NOTE:
            raise DataError(f"A note has at most {LONGEST_NOTE:,} characters, and this one has {len(note):,}.")
        with self._workspace.exclusive(f"writing a note on {self._dataset}"):
            run = replace(self.get(number), note=note)
            self._write(run)
        return run

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove runs, all or none of them if one does not exist. They can be taken back by :meth:`restore`.

        Raises
        ------
        UnknownError
            If there is no run of one of the numbers.
        DataError
            If they cannot be moved.
        """
        self._move(numbers, removed=False)

    def restore(self, numbers: Iterable[int]) -> None:
        """Take removed runs back; raises as :meth:`remove`."""
        self._move(numbers, removed=True)

    def _move(self, numbers: Iterable[int], *, removed: bool) -> None:
        source, target = self._place(removed), self._place(not removed)
        with self._workspace.exclusive(f"{'restoring' if removed else 'removing'} runs of {self._dataset}"):
            moved = list(dict.fromkeys(numbers))
            for number in moved:
                if not (source / f"{number}.json").is_file():  # a damaged record can be removed too
                    raise self._unknown(number, removed)
            try:
                make_folder(target)
                for number in moved:
                    os.utime(source / f"{number}.json")  # the time from which a removed run is kept
                    os.replace(source / f"{number}.json", target / f"{number}.json")
            except OSError as error:
                raise cannot_write(target, error) from error
            sync_committed(target)
            sync_committed(source)
            self._clear_expired()

    def _place(self, removed: bool) -> Path:
        return self.folder / REMOVED if removed else self.folder

    def _write(self, run: RunRecord) -> None:
        write_json(self.folder / f"{run.id}.json", with_checksum(asdict(run)))

    def _write_values(self, number: int, values: Mapping[str, npt.NDArray[np.generic]]) -> ValuesFile:
        import numpy as np

        with writing(self.folder / f"{number}.npz") as part:
            with open(part, "r+b") as file:
                np.savez(file, **{name: np.ascontiguousarray(array) for name, array in values.items()})  # type: ignore[arg-type]
            return ValuesFile(part.stat().st_size, checksum(part))

    def _clear_expired(self) -> None:
        for number in numbers_in(self.folder / REMOVED, RECORD):
            path = self.folder / REMOVED / f"{number}.json"
            try:
                expired = time.time() - path.stat().st_mtime > KEPT_SECONDS
            except OSError:
                continue
            if expired:
                delete(path)
        clear_runs(self.folder)

    def _unknown(self, number: int, removed: bool) -> UnknownError:
        what = "removed run" if removed else "run"
        return UnknownError(
            f"The data set {self._dataset!r} has no {what} {number}.",
            kind=ErrorKind.UNKNOWN_RUN,
            name=str(number),
            choices=[str(one) for one in numbers_in(self._place(removed), RECORD)[-20:]],
        )
