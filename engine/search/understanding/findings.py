"""What was found in a query, collected into a reading; each word is used at most once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from engine.search.filters.orders import Order
from engine.search.filters.parser import Filter
from engine.search.understanding.reading import Condition, Exclusion, Moved, Ordering, Reading
from engine.search.understanding.tokens import FILLERS, Token, join, word_set

#: Words that connect others, which are dropped where what they connected has become a condition.
_LEADING = word_set("and or but about with that which is are was were of by for the a an some who where")
_TRAILING = word_set("and or but with that which is are from in of a an the some for to please")


class Findings:
    """Collects what was found in one query.

    Parameters
    ----------
    text
        The query.
    tokens
        Its words.
    """

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._used = [False] * len(tokens)
        self._conditions: list[Condition] = []
        self._exclusions: list[Exclusion] = []
        self._ordering: Ordering | None = None
        self._moved: tuple[str, int, int, str] | None = None
        self._dropped: list[tuple[int, int]] = []
        self._names_items = False

    def demand(self, start: int, end: int, filters: tuple[Filter, ...], *, is_kept: bool = False) -> None:
        """Take words for a condition; those that are kept stay text as well."""
        span = self._span(start, end) if is_kept else self._use(start, end)
        self._conditions.append(Condition(*span, filters))

    def exclude(self, start: int, end: int, subject_start: int, subject_end: int, *, names_items: bool) -> None:
        """Take words for the exclusion of a subject; a noun for items may be among them."""
        self._names_items |= names_items
        subject = join(self._text, self._tokens[subject_start:subject_end])
        self._exclusions.append(Exclusion(*self._use(start, end), subject))

    def sort(self, start: int, end: int, order: Order) -> None:
        """Take words for an order; words for a second one stay text."""
        if self._ordering is None:
            self._ordering = Ordering(*self._use(start, end), order)

    def move(self, start: int, title_start: int, title_end: int, end: int) -> None:
        """Take words for an item that is moved by the other words."""
        title = join(self._text, self._tokens[title_start:title_end]).strip('"')
        typed, first, last = self._use(start, end)
        self._moved = typed, first, last, title

    def drop(self, start: int, end: int) -> None:
        """Leave words out, since they ask for nothing."""
        self._use(start, end)
        self._dropped.append((start, end))

    def reading(self, is_name: Callable[[str], bool]) -> Reading:
        """The reading; the query as it was given if nothing was understood, or nothing is left to search by.

        Parameters
        ----------
        is_name
            Whether a subject that is excluded is a name in the catalogue.
        """
        asks_for_items = bool(self._dropped) or self._names_items
        asks = self._conditions or self._exclusions or self._ordering is not None or self._moved is not None
        if not asks and not self._dropped:
            return Reading(self._text)
        kept = self._kept()
        text = join(self._text, [self._tokens[place] for place in kept])
        if (
            not text
            and not self._conditions
            and self._moved is None
            and not (self._ordering is not None and asks_for_items)
            and not self._only_excludes(asks_for_items, is_name)
        ):
            return Reading(self._text)
        self._dropped.sort()
        return Reading(
            text,
            tuple(sorted(self._conditions, key=lambda one: one.start)),
            tuple(self._exclusions),
            None if self._moved is None else Moved(*self._moved, text),
            self._ordering,
            tuple(join(self._text, self._tokens[start:end]) for start, end in self._dropped),
        )

    def _only_excludes(self, asks_for_items: bool, is_name: Callable[[str], bool]) -> bool:
        """Whether the query asks for all items but some: "films without zombies", or "without hitchcock".

        Without a noun for items only a name tells: "without a clue" and "no escape" may be titles that the catalogue
        does not have.
        """
        subjects = [one.subject for one in self._exclusions]
        return bool(subjects) and (asks_for_items or all(map(is_name, subjects)))

    def _use(self, start: int, end: int) -> tuple[str, int, int]:
        self._used[start:end] = [True] * (end - start)
        return self._span(start, end)

    def _span(self, start: int, end: int) -> tuple[str, int, int]:
        first, last = self._tokens[start].start, self._tokens[end - 1].end
        return self._text[first:last], first, last

    def _kept(self) -> list[int]:
        """The places of the words to search for, without those that only connected words which are used."""
        kept: list[int] = []
        for start, end in list(self._runs()):
            words = [token.word for token in self._tokens[start:end]]
            first, last = start, end
            if all(word in FILLERS for word in words):
                last = start
            else:
                while start > 0 and self._tokens[first].word in _LEADING:
                    first += 1
                while end < len(self._tokens) and self._tokens[last - 1].word in _TRAILING:
                    last -= 1
            kept += range(first, last)
            self._dropped += [pair for pair in ((start, first), (last, end)) if pair[0] < pair[1]]
        return kept

    def _runs(self) -> Iterator[tuple[int, int]]:
        """The places of neighbouring words that are not used."""
        start = 0
        for place, is_used in enumerate((*self._used, True)):
            if is_used:
                if start < place:
                    yield start, place
                start = place + 1
