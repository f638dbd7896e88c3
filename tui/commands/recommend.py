"""The commands that trained models answer: recommend and next."""

from __future__ import annotations

import click

from tui.commands.group import cli
from tui.commands.options import (
    NegativeIdsCommand,
    common_options,
    count_option,
    dataset_option,
    device_option,
    model_option,
    open_session,
)


@cli.command(cls=NegativeIdsCommand)
@click.argument("user")
@dataset_option
@device_option
@model_option
@count_option
@click.option("--include-seen", is_flag=True, help="Also what the user knows already.")
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
    as_json: bool,
) -> None:
    """Tell what USER would like."""
    from tui.output import print_answer

    users = open_session(context, dataset, device).users
    answer = users.recommend(user.strip(), count, model, filter_seen=not include_seen)
    print_answer(answer, as_json, extra="predicted_rating")


@cli.command("next", cls=NegativeIdsCommand)
@click.argument("titles", nargs=-1, required=True, metavar="TITLE_OR_ID...")
@dataset_option
@device_option
@model_option
@count_option
@common_options
@click.pass_context
def next_items(
    context: click.Context,
    titles: tuple[str, ...],
    dataset: str | None,
    device: str,
    model: str | None,
    count: int,
    as_json: bool,
) -> None:
    """Tell what comes after these titles, oldest first."""
    from tui.output import log, print_answer

    sequences = open_session(context, dataset, device).sequences
    matches = [sequences.resolve_title(title, model=model) for title in titles]
    for title, match in zip(titles, matches, strict=True):
        if match.how not in ("exact", "id"):
            year = "" if match.item.year is None else f" ({match.item.year})"
            log(f"{title!r} taken as {match.item.title}{year}, id {match.item.item_id}.")
    answer = sequences.next_items([match.item.internal_id for match in matches], count, model)
    print_answer(answer, as_json, extra="probability")
