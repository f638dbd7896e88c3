"""The commands that trained models answer: recommend and next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.errors import OptionError, UnknownError
from tui.commands.group import cli
from tui.commands.options import (
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
    from engine.session import Edit, Session

#: The word for the person at the keyboard in place of a user's id.
_ME = "me"

#: How many characters of an edit that cannot be read are repeated.
_LONGEST_EDIT = 80

profile_option = click.option("--profile", metavar="NAME", help="Whose own ratings are meant by `me`; else me.")


@cli.command(cls=NegativeIdsCommand)
@click.argument("user")
@dataset_option
@device_option
@model_option
@count_option
@click.option("--include-seen", is_flag=True, help="Also what the user knows already.")
@click.option("--with", "added", multiple=True, metavar="ITEM=VALUE", help="As if they had rated ITEM so.")
@click.option("--without", "removed", multiple=True, metavar="ITEM", help="As if they had never met ITEM.")
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

    session = open_session(context, dataset, device)
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
    profile: str | None,
    dataset: str | None,
    device: str,
    model: str | None,
    count: int,
    as_json: bool,
) -> None:
    """Tell what comes after these titles, oldest first."""
    from tui.output import print_answer

    if own and titles:
        raise click.UsageError("Give titles, or --me without titles.")
    if not own and not titles:
        raise click.UsageError("Missing argument '[TITLE_OR_ID...]': give titles, or --me.")
    session = open_session(context, dataset, device)
    if own:
        answer = session.own_answers.next_items(count, model, profile or _ME)
        print_answer(answer, as_json, extra="probability")
        return
    items = [resolve_item(session, title, model=model).internal_id for title in titles]
    answer = session.sequences.next_items(items, count, model)
    print_answer(answer, as_json, extra="probability")


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

    title, sign, value = text.rpartition("=")
    try:
        rating = float(value.replace(",", "."))
    except ValueError:
        title, rating = "", 0.0
    if title.strip():
        return Edit(_item(session, title), rating)
    if sign and not _is_called(session, text):
        raise OptionError(
            f"{text[:_LONGEST_EDIT]!r} is no ITEM=VALUE: give a title or an id and a number after '=', or "
            "the item alone as one that was only seen."
        )
    return Edit(_item(session, text))


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
