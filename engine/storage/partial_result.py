"""Partial results: what a long computation has finished is kept beside the file to be, until that file is written.

The results are kept in blocks, each of which is written atomically. A plan says what they are results of. Blocks of
another plan are never used: they are deleted before the first block of the new plan is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import DataError
from engine.storage.arrays import read_npz
from engine.storage.atomic import cannot_write, make_folder, sync_committed, write_json, writing
from engine.storage.guarded import read_json
from engine.storage.part_file import clear_parts

Arrays = Mapping[str, npt.NDArray[Any]]

_PLAN = "plan.json"
_BLOCK = re.compile(r"block-[0-9]{6,}\.npz")


class PartialResult:
    """The blocks of a computation that have been computed so far.

    Parameters
    ----------
    target
        The file to be. The blocks lie in a hidden folder beside it.
    plan
        Plain data that determines the content of all blocks.

    Attributes
    ----------
    folder
        The folder.
    """

    def __init__(self, target: Path, plan: Mapping[str, Any]) -> None:
        self.folder = target.with_name(f".{target.name}.unfinished")
        self._plan = json.loads(json.dumps(dict(plan)))

    @property
    def exists(self) -> bool:
        """Whether anything is kept, of this plan or of another."""
        return self.folder.is_dir()

    def matches(self) -> bool:
        """Whether what is kept is of this plan."""
        try:
            return bool(read_json(self.folder / _PLAN, dict[str, Any]) == self._plan)
        except DataError:
            return False

    def begin(self) -> None:
        """Make room for the blocks of this plan. Blocks of another plan are deleted, those of this one are kept.

        Raises
        ------
        DataError
            If the folder cannot be written.
        """
        if self.matches():
            return
        self.clear()
        try:
            make_folder(self.folder)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        write_json(self.folder / _PLAN, self._plan)

    def read(self, number: int) -> dict[str, npt.NDArray[Any]] | None:
        """A block; None if it has not been computed, or is damaged."""
        try:
            return read_npz(self._block(number))
        except DataError:
            return None

    def write(self, number: int, arrays: Arrays) -> None:
        """Keep a block.

        Raises
        ------
        DataError
            If it cannot be written.
        """
        with writing(self._block(number)) as part, open(part, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    def clear(self) -> None:
        """Delete the blocks and their folder. The plan goes first, so that a rest is never taken for a whole.

        Raises
        ------
        DataError
            If a file cannot be deleted, or there are files in the folder that are not of a partial result.
        """
        if not self.exists:
            return
        try:
            (self.folder / _PLAN).unlink(missing_ok=True)
            clear_parts(self.folder)
            for path in sorted(self.folder.iterdir()):
                if _BLOCK.fullmatch(path.name):
                    path.unlink()
            self.folder.rmdir()
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        sync_committed(self.folder.parent)

    def clear_quietly(self) -> None:
        """Like :meth:`clear`, after the result was written; what cannot be deleted now is deleted by the next one."""
        with suppress(DataError):
            self.clear()

    def _block(self, number: int) -> Path:
        return self.folder / f"block-{number:06}.npz"
