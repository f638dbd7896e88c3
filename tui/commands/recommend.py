"""The commands that trained models answer: recommend and next."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from engine.errors import OptionError, UnknownError
from tui.commands.group import cli
from tui.commands.options import (
    Command,
    NegativeIdsCommand,
    common_options,
    count_option,
    dataset_option,
    device_option,
    model_option,
    open_session,
    resolve_item,
)

if TYPE_CHECKING:
    from engine.session import Edit, Session, Timeline

#: The word for the person at the keyboard in place of a user's id.
_ME = "me"

#: How many characters of an edit that cannot be read are repeated.
_LONGEST_EDIT = 80
#: What stands after an ``@`` is taken for a day only in this form, since titles may hold an ``@``, too.

profile_option = click.option("--profile", metavar="NAME", help="Whose own ratings are meant by `me`; else me.")

without_option = click.option(
    "--without", "removed", multiple=True, metavar="ITEM", help="As if they had never met ITEM."
)


def with_option(metavar: str, help: str) -> Callable[[Command], Command]:
    """The option that adds to a history."""
    return click.option("--with", "added", multiple=True, metavar=metavar, help=help)


@cli.command(cls=NegativeIdsCommand)
@click.argument("user")
@dataset_option
@device_option
@model_option
@count_option
@click.option("--include-seen", is_flag=True, help="Also what the user knows already.")
@with_option("ITEM=VALUE", "As if they had rated ITEM so.")
@without_option
@profile_option
@common_options
@click.pass_context
def recommend(
    context: click.Context,
    user: str,
    dataset: str | None,
    device: str,
    model: str | None,
    count: int,
    include_seen: bool,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    profile: str | None,
    as_json: bool,
) -> None:
    """Tell what USER would like; USER can be `me`, whose ratings `recsys-tui me` keeps.

    With --with and --without, nothing is stored: the list is the one for a changed history, with where each
    item was before.
    """
    from tui.output import print_answer, print_comparison

    session = open_session(context, dataset, device, brief=True)
    user = user.strip()
    own = _is_me(session, user, profile)
    edits = [*(_with(session, one) for one in added), *(_without(session, one) for one in removed)]
    if edits and own:
        comparison = session.own_answers.what_if(edits, count, model, profile or _ME, filter_seen=not include_seen)
        print_comparison(comparison, as_json)
    elif edits:
        comparison = session.users.what_if(user, edits, count, model, filter_seen=not include_seen)
        print_comparison(comparison, as_json)
    elif own:
        answer = session.own_answers.recommend(count, model, profile or _ME, filter_seen=not include_seen)
        print_answer(answer, as_json, extra="predicted_rating")
    else:
        answer = session.users.recommend(user, count, model, filter_seen=not include_seen)
        print_answer(answer, as_json, extra="predicted_rating")


@cli.command("next", cls=NegativeIdsCommand)
@click.argument("titles", nargs=-1, metavar="[TITLE_OR_ID...]")
@click.option("--me", "own", is_flag=True, help="After everything that you rated or saw, instead of titles.")
@click.option("--user", metavar="USER", help="After the history of a user, instead of titles.")
@with_option(
    "ITEM[@DATE]",
    "As if they had met ITEM on that date, such as 2020-05-01 or '1 May 2020 18:00'; without one, last of all.",
)
@without_option
@profile_option
@dataset_option
@device_option
@model_option
@count_option
@common_options
@click.pass_context
def next_items(
    context: click.Context,
    titles: tuple[str, ...],
    own: bool,
    user: str | None,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    profile: str | None,
    dataset: str | None,
    device: str,
    model: str | None,
    count: int,
    as_json: bool,
) -> None:
    """Tell what comes after these titles, oldest first.

    With --with and --without, nothing is stored: the list is the one for a changed history, with where each
    item was before.
    """
    from tui.output import print_answer, print_comparison

    if sum((own, user is not None, bool(titles))) != 1:
        raise click.UsageError("Give titles, or --me, or --user USER, and only one of these.")
    session = open_session(context, dataset, device, brief=True)
    edits = [*(_next_with(session, one) for one in added), *(_without(session, one) for one in removed)]
    if own and edits:
        comparison = session.own_answers.next_what_if(edits, count, model, profile or _ME)
        print_comparison(comparison, as_json, extra="probability")
        return
    if own:
        answer = session.own_answers.next_items(count, model, profile or _ME)
        print_answer(answer, as_json, extra="probability")
        return
    timeline, whose = _timeline(session, titles, user, model)
    if edits:
        comparison = session.sequences.what_if(timeline, edits, whose, count, model)
        print_comparison(comparison, as_json, extra="probability")
        return
    answer = session.sequences.next_items(timeline.items, count, model)
    print_answer(answer, as_json, extra="probability")


def _timeline(session: Session, titles: Sequence[str], user: str | None, model: str | None) -> tuple[Timeline, str]:
    """What the next items are to come after, and what it is called."""
    from engine.session import Timeline

    if user is not None:
        return session.users.timeline(session.data.find_user(user.strip())), f"the history of user {user.strip()}"
    items = (resolve_item(session, title, model=model).internal_id for title in titles)
    return Timeline.undated(items), "this sequence"


def _is_me(session: Session, user: str, profile: str | None) -> bool:
    """Whether the person at the keyboard is meant, and not a user of the data set who is called ``me``."""
    from tui.output import log

    if profile is not None and user != _ME:
        raise click.UsageError("--profile goes with the user `me`.")
    if user != _ME or profile is not None:
        return user == _ME
    try:
        session.data.find_user(user)
    except UnknownError:
        return True
    log(f"{session.name!r} has a user {_ME!r} of its own, who is meant; --profile {_ME} means your own ratings.")
    return False


def _with(session: Session, text: str) -> Edit:
    """What ``ITEM=VALUE`` means, or ``ITEM`` alone for an item that was only seen.

    Raises
    ------
    OptionError
        If what follows the last ``=`` is no number, and no item is called ``text``: forgiving a typo there would
        drop the value in silence.
    """
    from engine.session import Edit

    text, time = _dated(session, text)
    title, sign, value = text.rpartition("=")
    try:
        rating = float(value.replace(",", "."))
    except ValueError:
        title, rating = "", 0.0
    if title.strip():
        return Edit(_item(session, title), rating, time=time)
    if sign and not _is_called(session, text):
        raise OptionError(
            f"{text[:_LONGEST_EDIT]!r} is no ITEM=VALUE: give a title or an id and a number after '=', or "
            "the item alone as one that was only seen."
        )
    return Edit(_item(session, text), time=time)


def _next_with(session: Session, text: str) -> Edit:
    """What ``ITEM@DATE`` or ``ITEM`` means where ratings do not count; one is said to change nothing."""
    from tui.output import log

    edit = _with(session, text)
    if edit.rating is not None:
        log(f"The rating in {text[:_LONGEST_EDIT]!r} changes nothing: what comes next depends on the order alone.")
    return edit


def _dated(session: Session, text: str) -> tuple[str, int | None]:
    """What stands before an ``@`` with a date after it, and the moment in seconds since 1970; of a day, its end.

    Raises
    ------
    OptionError
        If it looks like a date and is none, or day and month could be exchanged.
    """
    from engine.session import read_moment

    before, sign, date = text.rpartition("@")
    if not sign or not re.search(r"[0-9]", date) or _is_called(session, text):
        return text, None
    try:
        return before, read_moment(date)
    except OptionError:
        if date.strip()[0].isdecimal():
            raise
    return text, None  # an @ in a title


def _is_called(session: Session, text: str) -> bool:
    """Whether an item has this very title or id."""
    try:
        return session.sequences.resolve_title(text.strip(), rated=False).how in ("exact", "id")
    except UnknownError:
        return False


def _without(session: Session, text: str) -> Edit:
    from engine.session import Edit

    return Edit(_item(session, text), removed=True)


def _item(session: Session, text: str) -> int:
    return resolve_item(session, text, rated=False).internal_id
