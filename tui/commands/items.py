"""The commands for single items: pinning and hiding them in searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.commands.group import cli
from tui.commands.options import NegativeIdsCommand, common_options, dataset_option, open_session, resolve_item

if TYPE_CHECKING:
    from engine.errors import UnknownError
    from engine.session import ExternalId, Mark, Session

_DONE = {"pinned": "comes first where it is found", "hidden": "is not found any more", "": "is found like any other"}


@cli.group()
def items() -> None:
    """Pin and hide items: searches list pinned ones first, and never list hidden ones.

    Recommendations are not changed; `recsys-tui me rate` says what you think of an item.
    """


def _command(name: str, mark: Mark, about: str) -> None:
    @items.command(name, cls=NegativeIdsCommand, help=about)
    @click.argument("titles", nargs=-1, required=True, metavar="ITEM...")
    @dataset_option
    @common_options
    @click.pass_context
    def command(context: click.Context, titles: tuple[str, ...], dataset: str | None, as_json: bool) -> None:
        _mark(open_session(context, dataset, "auto"), titles, mark, as_json)


_command("pin", "pinned", "List each ITEM, an id or a title, first wherever a search finds it.")
_command("hide", "hidden", "Leave each ITEM, an id or a title, out of all searches.")
_command("reset", "", "Find each ITEM, an id or a title, like any other again.")


@items.command("list")
@dataset_option
@common_options
@click.pass_context
def list_items(context: click.Context, dataset: str | None, as_json: bool) -> None:
    """List the pinned items, and then the hidden ones."""
    from tui.output import log, print_json, print_table

    marked = open_session(context, dataset, "auto").pins.list()
    if as_json:
        rows = [(one.item_id, None if one.item is None else one.item.title, one.mark) for one in marked]
        print_json([{"item_id": item, "title": title, "mark": mark} for item, title, mark in rows])
    elif marked:
        shown = [
            (one.mark, "not in the data set any more" if one.item is None else one.item.title, one.item_id)
            for one in marked
        ]
        print_table(("Mark", "Title", "Id"), shown, cut=(1,))
    else:
        log("No item is pinned or hidden.")


def _mark(session: Session, titles: tuple[str, ...], mark: Mark, as_json: bool) -> None:
    """Mark all items, or none if one of them is unknown."""
    from tui.output import log, print_json

    found = [_find(session, title.strip(), mark) for title in titles]
    before = [session.pins.mark(item, mark) for item, _ in found]
    if as_json:
        rows = zip(found, before, strict=True)
        print_json([{"item_id": item, "title": title, "mark": mark, "before": was} for (item, title), was in rows])
        return
    for item, title in found:
        log(f"{title if title is not None else item!r} {_DONE[mark]}.")


def _find(session: Session, text: str, mark: Mark) -> tuple[ExternalId, str | None]:
    """The id and the title of an item; one that the data set had once can still be reset by its id."""
    from engine.errors import UnknownError

    try:
        item = resolve_item(session, text, rated=False)
    except UnknownError as error:
        return _gone(session, text, mark, error), None
    return item.item_id, item.title


def _gone(session: Session, text: str, mark: Mark, error: UnknownError) -> ExternalId:
    marked = [one.item_id for one in session.pins.list() if one.item is None and str(one.item_id) == text]
    if mark or not marked:
        raise error
    return marked[0]
