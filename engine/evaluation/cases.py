"""The test cases of an evaluation: what is known of a user, and what is asked. Every model gets the same ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.data.results import Task
from engine.data.user_index import UserIndex
from engine.errors import ErrorKind, RecsysError
from engine.evaluation.config import Ties
from engine.evaluation.splitters import TEST_SHARE, Split
from engine.interactions import Interactions

IntArray = npt.NDArray[Any]

#: The largest number of items in a window of a held-out user's history, the target included.
WINDOW = 10


@dataclass(frozen=True, slots=True)
class Ragged:
    """A ragged array: rows of different lengths, stored one after the other.

    Attributes
    ----------
    values
        The values of all rows.
    ends
        The position in ``values`` at which each row ends, shape ``(num_rows,)``.
    """

    values: npt.NDArray[Any]
    ends: npt.NDArray[np.int64]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """The number of values in each row, ``(num_rows,)``."""
        return np.diff(self.ends, prepend=0)

    def __getitem__(self, row: int) -> npt.NDArray[Any]:
        return self.values[self.ends[row - 1] if row else 0 : self.ends[row]]

    def flat(self, rows: slice) -> tuple[IntArray, npt.NDArray[Any]]:
        """The values of some rows, and for each value the row that it belongs to, counted from ``rows.start``."""
        lengths = self.lengths[rows]
        start = self.ends[rows.start - 1] if rows.start else 0
        return np.repeat(np.arange(len(lengths)), lengths), self.values[start : start + lengths.sum()]

    def select(self, rows: IntArray) -> Ragged:
        """Some rows, in the given order."""
        lengths = self.lengths[rows]
        ends = np.cumsum(lengths, dtype=np.int64)
        starts = self.ends[rows] - lengths
        positions = np.arange(lengths.sum()) + np.repeat(starts - (ends - lengths), lengths)
        return Ragged(self.values[positions], ends)

    def tails(self, rows: slice, length: int) -> IntArray:
        """The last ``length`` values of some rows, padded with 0 on the left, ``(num_rows, length)``."""
        ends = self.ends[rows]
        positions = ends[:, None] - np.arange(length, 0, -1)
        inside = positions >= (ends - self.lengths[rows])[:, None]
        tails = np.zeros(positions.shape, dtype=np.int64)
        tails[inside] = self.values[positions[inside]]
        return tails


@dataclass(frozen=True, slots=True)
class Cases:
    """Test cases: each is a user, the items that are known of this user, and the items that are to be found.

    Attributes
    ----------
    users
        The user of each case (internal ids), shape ``(num_cases,)``. A user may have several cases.
    known
        The known items of each case, oldest first; equal times are ordered as ``ties`` says.
    ratings
        The ratings of the known items, in rows as ``known`` and NaN where an item has no rating; None if the data
        set has no ratings.
    owners, targets
        Distinct pairs of a case and an item that is to be found, in the order of the cases.
    rated
        The test interactions that have a rating.
    rated_owners
        The case that each of these interactions belongs to; -1 if it belongs to none.
    held_out
        Whether the users are absent from the training part.
    description
        A description of the cases for people.
    left_out
        The number of users who have test interactions and no case, because nothing is known of them.
    known_targets
        The number of targets that :func:`without_known_targets` left out.
    ties
        The order of a user's interactions of the same time: ``"file"`` or ``"random"``.
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
    known_targets: int = 0
    ties: Ties = "file"

    def __len__(self) -> int:
        return len(self.users)


_DESCRIPTIONS = {
    "random": "the test items of each user, given all training items",
    "leave-one-out": "each user's latest item, given all items before it",
    "temporal": "each user's items after the cut, given all items before it",
}


def make_cases(parts: Split, protocol: str, task: Task, seed: int, rates: bool = False) -> Cases:
    """Make the test cases of a split.

    Models of users and models of sequences get the same cases, except under the protocol ``user``. There a sequence
    model is asked for the last item of each window of a held-out user's history. A model of users has to fold the
    held-out user in: it is given four fifths of the history, drawn at random, and asked for the rest.

    Parameters
    ----------
    parts
        The split.
    protocol
        The protocol that made the split.
    task
        The kind of model.
    seed
        The seed that draws the fifth that is asked for.
    rates
        Whether to accept a split that has ratings to predict but no list to rank.

    Raises
    ------
    RecsysError
        If there is no case.
    """
    if protocol == "user":
        cases = _folding(parts.test, seed) if task == "user" else _windows(parts.test)
    else:
        cases = _about_known_users(parts.train, parts.test, _DESCRIPTIONS[protocol])
    if not len(cases) and not (rates and len(cases.rated)):
        raise RecsysError(
            "The data set is too small to evaluate on: no user has both known items and items to be found."
        )
    return replace(cases, ties=parts.ties)


def without_known_targets(cases: Cases, rates: bool = False) -> Cases:
    """Leave out the targets that a user knows already, and the cases that then have none.

    In a log with repeats, such as of listening or buying, a user has the same item several times. Where known items are
    left out of the ranking, no model can find such a target, so it would only lower every metric.

    Parameters
    ----------
    cases
        The cases of a split.
    rates
        Whether to accept a split that has ratings to predict but no list to rank.

    Raises
    ------
    RecsysError
        If no target is left.
    """
    size = cases.rated.num_items
    of_known, known_items = cases.known.flat(slice(0, len(cases)))
    known = np.isin(cases.owners * size + cases.targets, of_known * size + known_items)
    if not known.any():
        return cases
    if known.all() and (cases.held_out or not rates or not len(cases.rated)):
        raise RecsysError(
            f"Nothing can be evaluated while known items are left out of the ranking: each of the {len(known):,} items "
            "to be found is one that its user already knows.",
            kind=ErrorKind.ALL_KNOWN,
        )
    owners, targets = cases.owners[~known], cases.targets[~known]
    kept = np.unique(owners)
    position = np.full(len(cases) + 1, -1)  # the last element stands for ratings without a case
    position[kept] = np.arange(len(kept))
    rated, rated_owners = cases.rated, position[cases.rated_owners]
    if cases.held_out:  # only the users of a case are folded in
        rated, rated_owners = rated.select(rated_owners >= 0), rated_owners[rated_owners >= 0]
    return replace(
        cases,
        users=cases.users[kept],
        known=cases.known.select(kept),
        ratings=None if cases.ratings is None else cases.ratings.select(kept),
        owners=position[owners],
        targets=targets,
        rated=rated,
        rated_owners=rated_owners,
        known_targets=int(known.sum()),
    )


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
        raise RecsysError(
            "The data set is too small to evaluate on: no held-out user has two items, one to give and one to ask for."
        )
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
        raise RecsysError("The data set is too small to evaluate on: no test sequence has two items.")
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
