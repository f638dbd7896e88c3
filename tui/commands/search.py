"""The search command."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

import click

from engine.data.results import Answer
from engine.errors import DataError, ErrorKind, OptionError, RecsysError, UnknownError
from engine.session import LIKE_BY, MODES
from tui.commands.embed import log_cost
from tui.commands.group import cli
from tui.commands.options import (
    FiltersCommand,
    common_options,
    count_option,
    dataset_option,
    device_option,
    embedding_model_option,
    index_option,
    open_session,
)
from tui.commands.query_lines import open_queries, read_queries
from tui.wording import describe

if TYPE_CHECKING:
    from engine.data.results import Facet
    from engine.session import ParsedQuery, Session


@cli.command(cls=FiltersCommand)
@click.argument("query", nargs=-1)
@dataset_option
@device_option
@count_option
@click.option("--mode", type=click.Choice(MODES), default=MODES[0], show_default=True)
@click.option("--like", metavar="ITEM_ID", help="Items like this one; a QUERY beside it filters and shifts them.")
@click.option("--by", type=click.Choice(LIKE_BY), help="How --like goes: by what they are, by who liked them, or both.")
@click.option(
    "--diversity",
    type=click.FloatRange(0, 1),
    metavar="0..1",
    help="How much a result counts less for being like those before it.  [default: 0, with --like 0.4]",
)
@click.option("--queries", metavar="FILE|-", help="A query a line, a JSON list a line.")
@click.option("--as-typed", is_flag=True, help="Correct no word, and understand none as a condition.")
@click.option("--adult", is_flag=True, help="Find items for adults, too.")
@click.option("--for-me", is_flag=True, help="Nudge the order by your own ratings; the matches stay as they are.")
@click.option("--profile", metavar="NAME", help="Whose own ratings --for-me means; else me.")
@click.option(
    "--details",
    is_flag=True,
    help="Count what was found by genre, year …; with --json print an object: results, method, corrections, "
    "understood, unknown_words, remark, hidden, unlisted, nudged, note and facets.",
)
@embedding_model_option
@index_option
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
    as_typed: bool,
    adult: bool,
    for_me: bool,
    profile: str | None,
    details: bool,
    embedding_model: str | None,
    index: str | None,
    as_json: bool,
) -> None:
    """Find what is like these words: QUERY, or an item.

    In a QUERY these are filters: genre:comedy, -genre:horror, genre:"science fiction", year:1990..1999, rating:>=8,
    and so on for every column of the data. sort:year, sort:newest, sort:rating and sort:popularity set the order.
    """
    from tui.output import log, print_answer, print_facets, print_search

    given = query or like is not None
    if bool(given) == (queries is not None):
        raise click.UsageError("Give a QUERY, --like ITEM_ID or both, or else --queries FILE.", context)
    if by is not None and like is None:
        raise click.UsageError("--by says how --like ITEM_ID goes: give both.", context)
    if profile is not None and not for_me:
        raise click.UsageError("--profile says whose ratings --for-me means: give both.", context)
    words = " ".join(word.strip() for word in query)
    if query and not words.strip():
        raise RecsysError("The query is empty: type some words.")
    # What is wrong with the request is reported now, not after minutes of embedding.
    lines = None if queries is None else open_queries(queries)
    session = open_session(context, dataset, device, embedding_model, index=index)
    parsed = session.search.parse_query(words)
    parsed.require()
    if like is not None:
        session.data.require_item(like)
    if mode != "keyword" and by != "taste" and (parsed.text or like is not None or lines is not None):
        _embed(session, required=mode != "hybrid" or by == "meaning")
    whose = (profile or "me") if for_me else None
    asked = _Asked(count, mode, diversity, as_typed, adult or None, details, whose)
    if lines is not None:
        _answer_lines(session, lines, asked)
        return
    answer = session.search.search(
        words,
        count,
        mode,
        like=like,
        like_by=by,
        diversity=diversity,
        literal=asked.literal(parsed),
        adult=asked.adult,
        for_me=asked.for_me,
    )
    facets = asked.facets(session, parsed) if like is None else ()
    if details and like is not None:
        log("Items like another have no counts by genre, year and the like.")
    if for_me and like is not None:
        log("Items like another are not nudged by your ratings.")
    if as_json and details:
        print_search(answer, facets)
    else:
        print_answer(answer, as_json)
        if like is not None and diversity is None and not parsed.order and len(answer.results) > 2:
            log("Varied, so not in the order of the scores; --diversity 0 lists the most alike first.")
        if not as_json:
            print_facets(facets)


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a query is to be answered: the options of the command."""

    count: int
    mode: str
    diversity: float | None
    as_typed: bool
    adult: bool | None
    details: bool
    for_me: str | None = None

    def literal(self, parsed: ParsedQuery) -> tuple[str, ...]:
        """What of a query is to be searched for as typed."""
        return (parsed.text, *parsed.text.split()) if self.as_typed else ()

    def facets(self, session: Session, parsed: ParsedQuery) -> tuple[Facet, ...]:
        """The counts of what is found, if they were asked for."""
        if not self.details or parsed.problems:
            return ()
        return session.search.facets(parsed, self.mode, literal=self.literal(parsed), adult=self.adult)


def _embed(session: Session, *, required: bool) -> None:
    """Embed what is not embedded yet; if that is not required, a failure is only logged."""
    from tui.output import log
    from tui.progress_output import progress_on_stderr

    try:
        if session.search.embedding_state().complete:
            return
        with suppress(RecsysError):  # embedding says so, too
            log_cost(session.search.embedding_cost())
        with progress_on_stderr() as job:
            session.search.embed(job)
    except RecsysError as error:
        is_of_embedding = isinstance(error, DataError | UnknownError) or error.kind is ErrorKind.NOT_ENOUGH_MEMORY
        if required or not is_of_embedding:
            raise
        log(describe(error))  # search by keyword still works, and so does what was embedded before


def _answer_lines(session: Session, lines: IO[str], asked: _Asked) -> None:
    """Print one JSON list, or one object with details, for each query, in their order."""
    from tui.output import log, notes_of, print_json, result_json, search_json

    number = wrong = hidden = unlisted = 0
    nudged = ""
    for batch in read_queries(lines):
        if asked.mode != "keyword" and len(batch) > 1:
            session.search.encode_queries(batch, asked.mode)
        for line in batch:
            number += 1
            parsed = session.search.parse_query(line)
            for problem in parsed.problems:
                log(f"line {number}: {problem.message}")
            # A line with a wrong filter gets an empty list, and the other lines are still answered.
            wrong += bool(parsed.problems)
            searchable = not parsed.problems and (parsed.text or parsed.filters or parsed.order)
            answer = Answer((), asked.mode)
            if searchable:
                answer = session.search.search(
                    parsed,
                    asked.count,
                    asked.mode,
                    diversity=asked.diversity,
                    literal=asked.literal(parsed),
                    adult=asked.adult,
                    for_me=asked.for_me,
                )
            hidden, unlisted = max(hidden, answer.hidden), max(unlisted, answer.unlisted)
            nudged = nudged or answer.nudged
            for note in notes_of(replace(answer, hidden=0, unlisted=0, nudged="")):
                log(f"line {number}: {note}")
            if asked.details:
                print_json(search_json(answer, asked.facets(session, parsed) if searchable else ()))
            else:
                print_json([result_json(result) for result in answer.results])
    for note in notes_of(
        Answer((), asked.mode, hidden=hidden, unlisted=unlisted, nudged=nudged)
    ):  # said once, not for each line
        log(note)
    if wrong:
        raise OptionError(f"{wrong} of {number} lines could not be understood: their lists are empty.")
