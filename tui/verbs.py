"""What can be done with an item or a user wherever one is listed: the table that keys, menus and help are made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from textual.binding import Binding
from textual.message import Message

from tui.messages import (
    AddToSequence,
    CopyAs,
    CopyText,
    CopyTitle,
    ExportList,
    FindFans,
    FindSimilarUsers,
    MarkItem,
    MoreLikeThis,
    OpenPage,
    RateItem,
    ShowDetails,
    ShowUser,
    UseAsSequence,
)

if TYPE_CHECKING:
    from engine.session import ExternalId, Item
    from tui.listing import Listing, Record

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class ItemSubject:
    """An item that something is done with.

    Attributes
    ----------
    details
        The item, and what its list knows about it.
    record
        Makes its record, for other programs.
    listing
        Makes the records of the whole list; None where there is no list.
    """

    details: ShowDetails
    record: Callable[[], Record]
    listing: Callable[[], Listing] | None = None

    @property
    def item(self) -> Item:
        """The item."""
        return self.details.item


@dataclass(frozen=True, slots=True)
class Verb(Generic[Subject]):
    """One thing that can be done.

    Attributes
    ----------
    id
        The name of the action, under which its key can be configured.
    title
        What it does, in a few words.
    keys
        The keys, separated by commas.
    message
        What is posted to have it done.
    help
        What the help screen says, if more than the title.
    hint
        Whether the bottom line offers it; the menu and the help screen offer all.
    needs
        Whether a subject has what it needs.
    """

    id: str
    title: str
    keys: str
    message: Callable[[Subject], Message]
    help: str = ""
    hint: bool = False
    needs: Callable[[Subject], bool] = field(default=lambda _: True)


def _export(subject: ItemSubject) -> ExportList:
    assert subject.listing is not None
    return ExportList(subject.listing())


#: What can be done with an item in every list and in its details.
ITEM_VERBS: tuple[Verb[ItemSubject], ...] = (
    Verb("details", "details", "d", lambda subject: subject.details),
    Verb("more-like-this", "more like this", "m", lambda subject: MoreLikeThis(subject.item), hint=True),
    Verb("add-to-sequence", "add to sequence", "a", lambda subject: AddToSequence(subject.item), hint=True),
    Verb(
        "watchlist",
        "my watchlist",
        "*",
        lambda subject: RateItem(subject.item, status="watchlist"),
        help="put on my watchlist, or take off",
    ),
    Verb("pin", "pin or unpin", "P", lambda subject: MarkItem(subject.item, "pinned"), help="always list it first"),
    Verb("hide", "hide from searches", "H", lambda subject: MarkItem(subject.item, "hidden"), help="never list it"),
    Verb("who-liked-it", "who liked it", "l", lambda subject: FindFans(subject.item)),
    Verb(
        "open-page",
        "open its page",
        "o",
        lambda subject: OpenPage(subject.item),
        help="open its page at IMDb, TMDB, MyAnimeList …",
    ),
    Verb("copy", "copy", "y", lambda subject: CopyTitle(subject.item), help="copy the title", hint=True),
    Verb("copy-id", "copy the id", "Y", lambda subject: CopyText(str(subject.item.item_id))),
    Verb("copy-as", "copy as …", "c", lambda subject: CopyAs(subject.record()), help="copy as a row, JSON or Markdown"),
    Verb(
        "export-list",
        "export the list …",
        "e",
        _export,
        help="export the list: CSV, JSON or Markdown, file or clipboard",
        needs=lambda subject: subject.listing is not None,
    ),
)

#: What can be done with a user in the list of users.
USER_VERBS: tuple[Verb[ExternalId], ...] = (
    Verb("show-history", "history", "h", lambda user: ShowUser(user, "history"), help="go to the history", hint=True),
    Verb("use-as-sequence", "use as sequence", "a", UseAsSequence, help="use the history as the sequence", hint=True),
    Verb("similar-users", "users like this one", "m", FindSimilarUsers, help="users like this one, by what both have"),
    Verb("copy", "copy", "y", lambda user: CopyText(str(user)), help="copy the id"),
)

#: The keys that rate the item under the cursor, by half stars: 1 is half a star, 9 four and a half, and 0 five stars.
RATING_KEYS = tuple(
    Binding(str(half_stars % 10), f"rate({half_stars})", "rate", key_display="1…0", show=half_stars == 1, id=name)
    for half_stars, name in enumerate(("rate-half", *(f"rate-{number}" for number in range(2, 11))), 1)
)
RATING_HELP = ("1 … 9 0", "rate it: half a star to four and a half, and five stars")

#: Opens a menu of the verbs.
MENU = Binding("space", "verb_menu", "menu", id="verb-menu")


def bindings_of(verbs: Sequence[Verb[Subject]], *, hints: bool = True) -> list[Binding]:
    """The keys of verbs, for the ``BINDINGS`` of a widget.

    Parameters
    ----------
    verbs
        The verbs.
    hints
        Whether the bottom line may offer them.
    """
    found = [
        Binding(verb.keys, f"verb('{verb.id}')", verb.title, show=verb.hint and hints, id=verb.id) for verb in verbs
    ]
    return [*found, MENU]


def help_of(verbs: Sequence[Verb[Subject]]) -> tuple[tuple[str, str], ...]:
    """The keys of verbs and what they do, for the help screen."""
    return (*((verb.keys.replace(",", " "), verb.help or verb.title) for verb in verbs), ("Space", "a menu of these"))
