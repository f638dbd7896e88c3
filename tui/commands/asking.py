"""The three questions: search, recommend, next."""

from __future__ import annotations

import click

from engine.errors import DataError, OptionError, RecsysError, UnknownError
from engine.session import LIKE_BY, MODES
from tui.commands.group import cli
from tui.commands.queries import open_queries, read_queries
from tui.commands.shared import (
    TakingFilters,
    TakingNegativeIds,
    common_options,
    count_option,
    dataset_option,
    device_option,
    embedding_model_option,
    model_option,
    open_session,
)
from tui.wording import describe


@cli.command(cls=TakingFilters)
@click.argument("query", nargs=-1)
@dataset_option
@device_option
@count_option
@click.option("--mode", type=click.Choice(MODES), default="hybrid", show_default=True)
@click.option("--like", metavar="ITEM_ID", help="Items like this one; a QUERY beside it filters and shifts them.")
@click.option("--by", type=click.Choice(LIKE_BY), help="How --like goes: by what they are, by who liked them, or both.")
@click.option(
    "--diversity",
    type=click.FloatRange(0, 1),
    metavar="0..1",
    help="How much a result counts less for being like those before it.  [default: 0, with --like 0.4]",
)
@click.option("--queries", metavar="FILE|-", help="A query a line, a JSON list a line.")
@embedding_model_option
@common_options
@click.pass_context
def search(
    context: click.Context,
    query: tuple[str, ...],
    dataset: str | None,
    device: str,
    count: int,
    mode: str,
    like: str | None,
    by: str | None,
    diversity: float | None,
    queries: str | None,
    embedding_model: str | None,
    as_json: bool,
) -> None:
    """Find what is like these words: QUERY, or an item.

    In a QUERY these are filters: genre:comedy, -genre:horror, genre:"science fiction", year:1990..1999, rating:>=8,
    and so on for every column of the data.
    """
    from tui.output import print_answer, print_json, progress_on_stderr, result_json, say

    given = query or like is not None
    if bool(given) == (queries is not None):
        raise click.UsageError("Give a QUERY, --like ITEM_ID or both, or else --queries FILE.", context)
    if by is not None and like is None:
        raise click.UsageError("--by says how --like ITEM_ID goes: give both.", context)
    words = " ".join(word.strip() for word in query)
    if query and not words.strip():
        raise RecsysError("The query is empty: type some words.")
    # What can be wrong with the request is said now, not after minutes of embedding.
    lines = None if queries is None else open_queries(queries)
    session = open_session(context, dataset, device, embedding_model)
    parsed = session.search.parse_query(words)
    parsed.require()
    if like is not None:
        session.data.dataset.items.id_map.encode_one(like)
    if mode != "keyword" and by != "taste" and (parsed.text or like is not None or lines is not None):
        try:
            with progress_on_stderr() as job:
                session.search.embed(job)
        except (DataError, UnknownError) as error:
            if mode != "hybrid" or by == "meaning":
                raise
            say(describe(error))  # there is still another way to search, beside what was embedded before
    if lines is not None:
        number = wrong = 0
        for batch in read_queries(lines):
            if mode != "keyword" and len(batch) > 1:
                session.search.encode_queries(batch, mode)
            for line in batch:
                number += 1
                one = session.search.parse_query(line)
                for problem in one.problems:
                    say(f"line {number}: {problem.message}")
                # A wrong filter is no reason to leave the other lines unanswered; but not to answer as if without it.
                wrong += bool(one.problems)
                asked = not one.problems and (one.text or one.filters)
                results = session.search.search(one, count, mode, diversity=diversity).results if asked else ()
                print_json([result_json(result) for result in results])
        if wrong:
            raise OptionError(f"{wrong} of {number} lines could not be understood: their lists are empty.")
        return
    print_answer(session.search.search(words, count, mode, like=like, like_by=by, diversity=diversity), as_json)


@cli.command(cls=TakingNegativeIds)
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

    answer = open_session(context, dataset, device).users.recommend(
        user.strip(), count, model, filter_seen=not include_seen
    )
    print_answer(answer, as_json, extra="predicted_rating")


@cli.command("next", cls=TakingNegativeIds)
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
    from tui.output import print_answer, say

    session = open_session(context, dataset, device)
    matches = [session.sequences.resolve_title(title, model=model) for title in titles]
    for title, match in zip(titles, matches, strict=True):
        if match.how not in ("exact", "id"):
            year = "" if match.item.year is None else f" ({match.item.year})"
            say(f"{title!r} taken as {match.item.title}{year}, id {match.item.item_id}.")
    answer = session.sequences.next_items([match.item.internal_id for match in matches], count, model)
    print_answer(answer, as_json, extra="probability")
