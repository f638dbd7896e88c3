"""Which share of a query's words an item has, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag

import numpy as np
import numpy.typing as npt

from engine.search.lexical.query_term import QueryTerm

Shares = npt.NDArray[np.float32]


class Place(IntFlag):
    """The places of an item in which a word tells most."""

    #: In one of its titles, or as the acronym of one.
    TITLE = 1
    #: In the name of a person.
    NAME = 2


@dataclass(frozen=True, slots=True)
class Occurrences:
    """How well some items match one term of a query: weights from 0 to 1, shape (num_rows,).

    Attributes
    ----------
    anywhere, in_title, in_name
        The weight of the best match in the whole item, in its titles, and in the names of its people.
    idf
        The inverse document frequency of the term.
    """

    anywhere: Shares
    in_title: Shares
    in_name: Shares
    idf: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """The shares of a query that some items have, from 0 to 1, shape (num_rows,). Rare words count more.

    Attributes
    ----------
    anywhere, in_title, in_name
        The share in the whole item, in its titles, and in the names of its people.
    known
        The share of the query that any item of the catalogue has.
    of_words
        For each word of the query its part of the three shares, shape (3, num_rows).
    """

    anywhere: Shares
    in_title: Shares
    in_name: Shares
    known: float
    of_words: Mapping[str, Shares] = field(default_factory=dict)

    def take(self, places: npt.NDArray[np.int64]) -> Coverage:
        """The shares that some of the items have, given by their places, without the parts of the single words."""
        return Coverage(self.anywhere[places], self.in_title[places], self.in_name[places], self.known)

    def less(self, shares: Shares) -> Coverage:
        """These shares without others, shape (3, num_rows)."""
        anywhere, in_title, in_name = shares
        return Coverage(self.anywhere - anywhere, self.in_title - in_title, self.in_name - in_name, self.known)

    def or_else(self, other: Coverage) -> Coverage:
        """The larger shares of this wording of a query and of another one."""
        return Coverage(
            np.maximum(self.anywhere, other.anywhere),
            np.maximum(self.in_title, other.in_title),
            np.maximum(self.in_name, other.in_name),
            max(self.known, other.known),
            self.of_words,
        )


def measure_coverage(
    words: Sequence[str],
    terms: Sequence[QueryTerm],
    found: Sequence[Occurrences],
    idf_of_unknown: float,
    num_rows: int,
) -> Coverage:
    """The share of a query's words that items have, weighted by idf.

    Parameters
    ----------
    words
        The distinct words of the query that count.
    terms, found
        The terms of the query, and in which items they occur.
    idf_of_unknown
        The weight of a word that no item has.
    num_rows
        The number of items.
    """
    of_words: dict[str, Shares] = {}
    total = known = 0.0
    for word in words:
        own = [(term, one) for term, one in zip(terms, found, strict=True) if word in term.typed.split(" ")]
        single = [one for term, one in own if term.typed == word]
        if not own:
            total += idf_of_unknown
            continue
        idf = max(one.idf for one in single) if single else max(one.idf for _, one in own) / 2
        total += idf
        known += idf
        of_words[word] = np.float32(idf) * _covered(word, own)
    shares = np.zeros((3, num_rows), dtype=np.float32)
    for part in of_words.values():
        part /= np.float32(total)
        shares += part
    return Coverage(shares[0], shares[1], shares[2], known / total if total else 0.0, of_words)


def have_all(
    words: Sequence[str], terms: Sequence[QueryTerm], found: Sequence[Occurrences], least: float, num_rows: int
) -> npt.NDArray[np.bool_]:
    """Whether items match all of these words with a weight of more than ``least``, shape (num_rows,).

    Parameters
    ----------
    words, terms, found, num_rows
        See :func:`measure_coverage`.
    least
        A weight from 0 to 1.
    """
    has = np.full(num_rows, bool(words))
    for word in words:
        own = [(term, one) for term, one in zip(terms, found, strict=True) if word in term.typed.split(" ")]
        has &= _covered(word, own)[0] > least if own else False
    return has


def _covered(word: str, own: Sequence[tuple[QueryTerm, Occurrences]]) -> Shares:
    """How well items match a word by the terms that it is in, shape (3, num_rows)."""
    covered = _united([one for term, one in own if term.typed == word])
    for term, one in own:
        if term.typed != word:  # a name, or two words that the catalogue writes as one
            covered = np.maximum(covered, _as_array(one)) if len(covered) else _as_array(one)
    return covered


def _as_array(one: Occurrences) -> Shares:
    return np.stack([one.anywhere, one.in_title, one.in_name])


def _united(found: Sequence[Occurrences]) -> Shares:
    """The match of a word as a whole, or the mean of its parts where the catalogue writes it as two words."""
    if len(found) < 2:
        return _as_array(found[0]) if found else np.zeros((0, 0), dtype=np.float32)
    parts: Shares = np.mean([_as_array(one) for one in found[-2:]], axis=0, dtype=np.float32)
    return np.maximum(_as_array(found[0]), parts) if len(found) > 2 else parts
