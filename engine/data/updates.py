"""Records of updates: what was appended to a stored data set, and what it was like before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DatasetUpdate:
    """What an update did to a data set.

    Attributes
    ----------
    at
        When it was made, in ISO 8601 and UTC.
    files
        The names of the files that were read.
    added
        Interactions of a user with an item that were not stored before.
    changed
        Interactions of which a later one of the same user with the same item took the place.
    repeated
        Interactions of the files that were stored already, with the same rating.
    outdated
        Interactions of the files that are older than what is stored of the same user with the same item.
    new_users, new_items
        Users and items that the data set did not have.
    changed_items
        Items of the catalogue whose facts were replaced.
    num_users, num_rated_items, users, items
        What the data set was like before: its sizes, and the fingerprints of its ids. Models that were trained then
        still answer for these users and items, whose internal ids stay the same.
    skipped
        Why rows of the files were left out, and how many.
    notes
        Sentences on what of the files is not used, or is used otherwise than it stands there.
    """

    at: str
    files: tuple[str, ...]
    added: int
    changed: int
    repeated: int
    outdated: int
    new_users: int
    new_items: int
    changed_items: int
    num_users: int
    num_rated_items: int
    users: str
    items: str
    skipped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """What happened, in words, and how often; what did not happen is left out."""
        counts = {
            _many("new interaction", self.added): self.added,
            "changed": self.changed,
            "repeated": self.repeated,
            "older than what is stored": self.outdated,
            _many("new user", self.new_users): self.new_users,
            _many("new item", self.new_items): self.new_items,
            _many("changed item", self.changed_items): self.changed_items,
        }
        counts |= {f"rows left out ({reason})": count for reason, count in self.skipped.items()}
        return {what: count for what, count in counts.items() if count or what.startswith("new interaction")}


def _many(what: str, number: int) -> str:
    return what if number == 1 else f"{what}s"
