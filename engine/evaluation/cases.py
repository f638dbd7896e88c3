"""What models are asked in an evaluation: the same questions for every model of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.data.results import Task
from engine.data.user_index import UserIndex
from engine.errors import RecsysError
from engine.evaluation.splitters import TEST_SHARE, Split
from engine.interactions import Interactions

IntArray = npt.NDArray[Any]

#: How many items a window of a held-out user's history has at most, the one asked for included.
WINDOW = 10


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths, one after the other.

    Attributes
    ----------
    values
        Of all rows.
    ends
        Where each row ends in ``values``, shape ``(num_rows,)``.
    """

    values: npt.NDArray[Any]
    ends: npt.NDArray[np.int64]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Of the rows."""
        return np.diff(self.ends, prepend=0)

    def __getitem__(self, row: int) -> npt.NDArray[Any]:
        return self.values[self.ends[row - 1] if row else 0 : self.ends[row]]

    def flat(self, rows: slice) -> tuple[IntArray, npt.NDArray[Any]]:
        """For some rows: which of them, counted from 0, each value belongs to, and the values."""
        lengths = self.lengths[rows]
        start = self.ends[rows.start - 1] if rows.start else 0
        return np.repeat(np.arange(len(lengths)), lengths), self.values[start : start + lengths.sum()]

    def tails(self, rows: slice, length: int) -> IntArray:
        """The last values of some rows, padded with 0 on the left, ``(num_rows, length)``."""
        ends = self.ends[rows]
        positions = ends[:, None] - np.arange(length, 0, -1)
        inside = positions >= (ends - self.lengths[rows])[:, None]
        tails = np.zeros(positions.shape, dtype=np.int64)
        tails[inside] = self.values[positions[inside]]
        return tails


@dataclass(frozen=True, slots=True)
class Cases:
    """People about whom one knows something, and what came of them.

    Attributes
    ----------
    users
        Whom each question is about (internal ids), shape ``(num_cases,)``; one person may be asked about twice.
    known
        The items that are known of them, oldest first; equal times in the order of the file.
    ratings
        The ratings of these items (NaN where there is none), in rows as ``known``; None if there are none at all.
    owners, targets
        Distinct pairs of a question and an item that is right, in the order of the questions.
    rated
        The test interactions that carry a rating.
    rated_owners
        The question that each of these belongs to, -1 if to none.
    held_out
        Whether the people are in no training set.
    wording
        What is asked, for a person.
    left_out
        Users with test interactions who cannot be asked about, because nothing is known of them.
    """

    users: IntArray
    known: Ragged
    ratings: Ragged | None
    owners: IntArray
    targets: IntArray
    rated: Interactions
    rated_owners: IntArray
    held_out: bool
    description: str
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.users)


_DESCRIPTIONS = {
    "random": "the test items of each user, given all training items",
    "leave-one-out": "each user's latest item, given all items before it",
    "temporal": "each user's items after the cut, given all items before it",
}


def make_cases(parts: Split, protocol: str, task: Task, seed: int, rates: bool = False) -> Cases:
    """Make questions of a split.

    Models for users and models for sequences get the same ones, but for the protocol ``user``: there a sequence model
    is asked for the last item of each window of a held-out user's history, and a model for users, which must fold the
    person in, for a random fifth of the history, given the other four.

    Parameters
    ----------
    parts
        The split.
    protocol
        By which it was made.
    task
        The kind of model.
    seed
        Draws the fifth.
    rates
        Whether ratings can be asked for too, also where no list can.

    Raises
    ------
    RecsysError
        If nothing is left to ask.
    """
    if protocol == "user":
        cases = _folding(parts.test, seed) if task == "user" else _windows(parts.test)
    else:
        cases = _about_known_users(parts.train, parts.test, _DESCRIPTIONS[protocol])
    if not len(cases) and not (rates and len(cases.rated)):
        raise RecsysError("The data set is too small: nobody is left of whom something is known and something asked.")
    return cases


def _about_known_users(train: Interactions, test: Interactions, description: str) -> Cases:
    counts = np.bincount(train.user_ids, minlength=train.num_users)
    everybody = np.unique(test.user_ids)
    users = everybody[counts[everybody] > 0]
    histories = UserIndex(train)
    rows = [histories.rows(int(user)) for user in users]
    position = np.full(train.num_users, -1)
    position[users] = np.arange(len(users))
    rated = _rated(test)
    asked = position[test.user_ids]
    owners, targets = _distinct_pairs(asked[asked >= 0], test.item_ids[asked >= 0], test.num_items)
    return Cases(
        users=users,
        **_known(train, rows),
        owners=owners,
        targets=targets,
        rated=rated,
        rated_owners=position[rated.user_ids],
        held_out=False,
        description=description,
        left_out=len(everybody) - len(users),
    )


def _folding(test: Interactions, seed: int) -> Cases:
    random = np.random.RandomState(seed)
    users = np.unique(test.user_ids)
    histories = UserIndex(test)
    kept, asked, whom = [], [], []
    for user in users:
        rows = histories.rows(int(user))
        if len(rows) < 2:
            continue
        hidden = np.zeros(len(rows), dtype=bool)
        hidden[random.permutation(len(rows))[: max(1, round(len(rows) * TEST_SHARE))]] = True
        kept.append(rows[~hidden])
        asked.append(rows[hidden])
        whom.append(user)
    if not whom:
        raise RecsysError("No held-out user has two items, one to tell and one to ask for: the data set is too small.")
    position = np.full(test.num_users, -1)
    position[whom] = np.arange(len(whom))
    hidden_part = test.select(np.concatenate(asked))
    rated = _rated(hidden_part)
    owners, targets = _distinct_pairs(position[hidden_part.user_ids], hidden_part.item_ids, test.num_items)
    return Cases(
        users=np.array(whom),
        **_known(test, kept),
        owners=owners,
        targets=targets,
        rated=rated,
        rated_owners=position[rated.user_ids],
        held_out=True,
        description="a random fifth of each held-out user's items, given the others",
        left_out=len(users) - len(whom),
    )


def _windows(test: Interactions) -> Cases:
    windows = test.to_sequence(WINDOW, 2)
    if not len(windows):
        raise RecsysError("No sequence of two items is left to test with: the data set is too small.")
    assert windows.user_ids is not None
    before = windows.sequences[:, :-1]
    return Cases(
        users=windows.user_ids,
        known=Ragged(before[before > 0].astype(np.int64), np.cumsum((before > 0).sum(1))),
        ratings=None,
        owners=np.arange(len(windows)),
        targets=windows.sequences[:, -1].astype(np.int64),
        rated=test.select(slice(0)),
        rated_owners=np.zeros(0, dtype=np.int64),
        held_out=True,
        description=f"the last item of each window of up to {WINDOW} items of held-out users, given those before it",
    )


def _known(log: Interactions, rows: list[IntArray]) -> dict[str, Any]:
    flat = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
    ends = np.cumsum([len(one) for one in rows], dtype=np.int64)
    items = Ragged(log.item_ids[flat].astype(np.int64), ends)
    return {"known": items, "ratings": None if log.ratings is None else Ragged(log.ratings[flat], ends)}


def _rated(log: Interactions) -> Interactions:
    return log.select(slice(0)) if log.ratings is None else log.select(~np.isnan(log.ratings))


def _distinct_pairs(owners: IntArray, items: IntArray, num_items: int) -> tuple[IntArray, IntArray]:
    pairs = np.unique(owners.astype(np.int64) * num_items + items)
    return pairs // num_items, pairs % num_items
