"""The picture service: the pictures of items that the catalogue names and that lie beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.data.pictures import PictureColumn, is_picture_name
from engine.runtime.locked_property import locked_property
from engine.session.open_dataset import OpenDataset, check

if TYPE_CHECKING:
    from engine.data.items import Item
    from engine.data.thumbnail import Thumbnail
    from engine.runtime.job import Job


class PictureService:
    """Reads the pictures of a data set's items.

    Parameters
    ----------
    opened
        The data set.
    """

    def __init__(self, opened: OpenDataset) -> None:
        self._opened = opened

    @locked_property
    def _where(self) -> PictureColumn | None:
        return PictureColumn.of_source(self._opened.manifest.source)

    @property
    def column(self) -> str:
        """The column of the items that names their pictures; empty if there is none."""
        return "" if self._where is None else self._where.column

    def thumbnail(self, item: Item, width: int, height: int, job: Job | None = None) -> Thumbnail | None:
        """The picture of an item; None if the data names none.

        Parameters
        ----------
        item
            The item.
        width, height
            The room for it in pixels.
        job
            May be cancelled.

        Raises
        ------
        DataError
            If the picture is not there, may not be read, or is damaged.
        RecsysError
            If the package is not installed that reads pictures.
        """
        where, name = self._where, item.metadata.get(self.column)
        if where is None or not isinstance(name, str) or not is_picture_name(name):
            return None
        from engine.data.thumbnail import make_thumbnail
        from engine.storage.picture_file import read_picture

        content = read_picture(Path(where.folder), name.strip())
        check(job)
        return make_thumbnail(content, name.strip(), width, height)
