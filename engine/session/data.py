"""The data service: what an open data set holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.data.results import Overview
from engine.session.open_dataset import OpenDataset

if TYPE_CHECKING:
    from engine.data.dataset import Dataset
    from engine.data.id_map import ExternalId
    from engine.data.items import Item
    from engine.workspace.manifest import Manifest


class DataService:
    """Describes an open data set.

    Parameters
    ----------
    opened
        The data set.
    """

    def __init__(self, opened: OpenDataset) -> None:
        self._opened = opened

    @property
    def manifest(self) -> Manifest:
        """The stored description of the data set; read once."""
        return self._opened.manifest

    @property
    def dataset(self) -> Dataset:
        """The data set itself; read when it is first asked for."""
        return self._opened.dataset

    def overview(self) -> Overview:
        """The names and counts of the data set; reads no tables."""
        return self._opened.manifest.overview

    def items(self, ids: Iterable[object]) -> list[Item]:
        """The items with these ids of the source file; an id that no item has is left out."""
        id_map, items = self._opened.dataset.items.id_map, self._opened.dataset.items
        return items.take(id_map.encode_one(one) for one in ids if one in id_map)  # type: ignore[arg-type]

    def find_user(self, user: ExternalId) -> ExternalId:
        """The id of a user as the source file has it; ``"007"`` finds the user 7.

        Raises
        ------
        UnknownError
            If there is none.
        """
        users = self._opened.dataset.users
        return users.decode_one(users.encode_one(user))

    def require_item(self, item: ExternalId) -> None:
        """Check that there is an item with this id in the source file.

        Raises
        ------
        UnknownError
            If there is none.
        """
        self._opened.dataset.items.id_map.encode_one(item)
