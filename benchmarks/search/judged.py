"""The judged queries of this folder, and the sessions to ask them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.session import Session
from engine.workspace.dataset_store import Workspace

FOLDER = Path(__file__).parent
SETS = ("anime", "movies", "demo")
#: The kinds of queries whose accepted items are all known: by rule, or because they name an item.
COMPLETE = frozenset({"people", "acronyms", "constraints", "alternative", "typos", "numbers", "series"})


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query and the items that are accepted as an answer.

    Attributes
    ----------
    dataset, kind, part, query
        The data set, the kind of query, ``"tuning"`` or ``"test"``, and the query.
    accepted
        The ids of the items that are accepted.
    judged
        The ids of the items that were looked at, accepted or not. For the kinds in :data:`COMPLETE` all others are
        known not to fit.
    """

    dataset: str
    kind: str
    part: str
    query: str
    accepted: frozenset[str]
    judged: frozenset[str]

    def fits(self, item_id: str) -> bool | None:
        """Whether an item was accepted; None if nobody looked at it."""
        if item_id in self.accepted:
            return True
        return False if self.kind in COMPLETE or item_id in self.judged else None


def read(name: str) -> list[dict[str, str]]:
    """The rows of a table of this folder."""
    with open(FOLDER / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def read_queries(part: str = "all") -> list[JudgedQuery]:
    """The judged queries of a part, with what was judged afterwards of what searches brought."""
    pooled: defaultdict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    if (FOLDER / "pooled.tsv").exists():
        for row in read("pooled.tsv"):
            pooled[row["dataset"], row["query"]][row["item_id"]] = row["fits"] == "1"
    found = []
    for row in read("queries_by_kind.tsv"):
        if part in (row["part"], "all"):
            later = pooled[row["dataset"], row["query"]]
            accepted = {*row["accepted"].split(), *(item for item, fits in later.items() if fits)}
            found.append(
                JudgedQuery(
                    row["dataset"],
                    row["kind"],
                    row["part"],
                    row["query"],
                    frozenset(accepted),
                    frozenset({*accepted, *later}),
                )
            )
    return found


def open_sessions(workspace: Workspace, names: Iterable[str] = SETS) -> dict[str, Session]:
    """A warm session of each data set that is stored."""
    sessions = {}
    for name in names:
        if name not in workspace:
            print(f"{name}: not stored, skipped")
            continue
        sessions[name] = Session(workspace, name)
        sessions[name].search.warm_up()
    return sessions
