"""The taste of the fake session's users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.data.id_map import ExternalId
from engine.errors import UnknownError
from engine.session import CommonItem, Likeness, Taste, TasteShare

if TYPE_CHECKING:
    from tests.tui.fake import FakeSession


class FakeTaste:
    """Every user likes crime and the nineties."""

    def __init__(self, fake: FakeSession) -> None:
        self._fake = fake

    def of(self, user: ExternalId) -> Taste:
        self._fake.enter("taste", user)
        genres = (TasteShare("Crime", 0.62, 0.3), TasteShare("[b]Noir[/b]", 0.25, 0.1), TasteShare("Drama", 0.2, 0.4))
        decades = (TasteShare("1950s", 0.3, 0.1), TasteShare("1990s", 0.7, 0.35), TasteShare("2000s", 0.0, 0.25))
        ratings = tuple(TasteShare(f"{step}", 0.1 * step / 1.5, 0.2) for step in range(1, 6))
        years = tuple((str(year), (year * 7) % 11) for year in range(1996, 2016))
        return Taste(user, 23, genres, decades, ratings, 3.9, 3.5, years)

    def compare(self, first: ExternalId, second: ExternalId) -> Likeness:
        self._fake.enter("likeness", first, second)
        if not str(second).isdecimal():
            raise UnknownError(f"There is no user {second!r} in this data set.")
        common = tuple(CommonItem(item, 4.5, None if item.internal_id == 2 else 3.0) for item in self._fake.items[:3])
        return Likeness(first, second, 23, 20, 3, 0.07, 0.91, -0.25, 1.5, common)

    def similar(self, user: ExternalId, k: int = 50) -> tuple[Likeness, ...]:
        self._fake.enter("similar", user)
        others = [number for number in range(1, self._fake.num_users + 1) if number != user][:k]
        return tuple(Likeness(user, other, 23, 20, 9, 0.25, 0.91, None, None, ()) for other in others[:5])
