"""The commands for one's own ratings: rate, import, list, match, unmatch, remove, export."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import DataError, OptionError, UnknownError
from tui.commands.group import cli
from tui.commands.options import Command, NegativeIdsCommand, common_options, dataset_option, open_session, resolve_item

if TYPE_CHECKING:
    from engine.data.results import ImportReport, OwnRating
    from engine.session import Session

#: How many of the items without a match are listed for a person; all of them are in the JSON.
_LISTED = 20

profile_option = click.option("--profile", default="me", show_default=True, metavar="NAME", help="Whose ratings.")


def _me_options(command: Command) -> Command:
    """The options that all commands about one's own ratings take."""
    return dataset_option(profile_option(common_options(command)))


def _open(context: click.Context, dataset: str | None) -> Session:
    """The session of a command. Ratings belong to no data set: one that cannot be read does not hide them."""
    from engine.session.datasets import DEMO
    from tui.output import log
    from tui.wording import describe

    try:
        return open_session(context, dataset, "auto")
    except DataError as error:
        if dataset is not None or context.obj["dataset"] is not None:
            raise
        told = describe(error)
        try:
            opened = open_session(context, DEMO, "auto")
        except DataError as other:
            if describe(other) != told:
                log(told)
            raise  # where nothing can be written, for one and the same reason
        log(told)
        return opened


@cli.group()
def me() -> None:
    """Your own ratings: import or type them, and get recommendations for them.

    They stay on this machine, in the data folder, apart from all data sets: removing or replacing a data set
    keeps them, and one profile serves every data set that has its titles. `recommend me` and `next --me` use
    them.
    """


@me.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", metavar="KIND", help="Which program's export it is; else it is recognised.")
@_me_options
@click.pass_context
def import_(
    context: click.Context, file: Path, kind: str | None, dataset: str | None, profile: str, as_json: bool
) -> None:
    """Add the ratings of an export to your profile.

    FILE is what Letterboxd, IMDb, MyAnimeList, Goodreads, Netflix, Spotify or Last.fm gives you, a table with
    the columns title and rating, or what `me export` wrote. Importing again updates what changed
    and keeps the rest.
    """
    from tui.output import print_json
    from tui.progress_output import progress_on_stderr

    session = _open(context, dataset)
    with progress_on_stderr() as job:
        report = session.me.import_file(file, kind, profile, job)
    if as_json:
        print_json(_report_json(report))
    _describe_import(report, session.name)


@me.command(cls=NegativeIdsCommand)
@click.argument("title")
@click.argument("value")
@_me_options
@click.pass_context
def rate(context: click.Context, title: str, value: str, dataset: str | None, profile: str, as_json: bool) -> None:
    """Rate TITLE (a title or an id) with VALUE.

    VALUE is on the scale of the data set, such as 4.5, or names its own, such as 9/10. It can also be `seen`,
    `watchlist` or `not-interested`.
    """
    session = _open(context, dataset)
    item = _item(session, title)
    if value in ("seen", "watchlist", "not-interested"):
        own = session.me.rate(item, None, profile=profile, status=value)  # type: ignore[arg-type]
    else:
        rating, lowest, highest = _parse_value(value, session)
        own = session.me.rate(item, rating, highest, profile, lowest=lowest)
    _print_own(own, profile, as_json, "is")


@me.command("list")
@_me_options
@click.pass_context
def list_(context: click.Context, dataset: str | None, profile: str, as_json: bool) -> None:
    """List your ratings, the latest first."""
    from tui.output import log, print_json, print_table

    session = _open(context, dataset)
    found = session.me.ratings(profile)
    if as_json:
        print_json([own_json(one) for one in found])
        return
    if not found:
        log(f"The profile {profile!r} is empty: `recsys-tui me rate TITLE VALUE` rates, `me import FILE` reads.")
        return
    rows = [(_value(one), one.title, str(one.year or ""), _day(one.timestamp), one.source, _here(one)) for one in found]
    print_table(("Rated", "Title", "Year", "Date", "From", f"In {session.name}"), rows, cut=(1, 5), spare=(4, 3))
    missing = sum(one.item is None for one in found)
    more = (
        f"; {missing:,} are not in {session.name!r}, and `me match TITLE ITEM` matches one by hand" if missing else ""
    )
    log(f"{len(found):,} in the profile {profile!r}{more}.")


@me.command(cls=NegativeIdsCommand)
@click.argument("title")
@click.argument("item")
@_me_options
@click.pass_context
def match(context: click.Context, title: str, item: str, dataset: str | None, profile: str, as_json: bool) -> None:
    """Say that your entry TITLE is the data set's ITEM (a title or an id)."""
    session = _open(context, dataset)
    own = session.me.match(title, _item(session, item), profile)
    _print_own(own, profile, as_json, f"is {own.item.title!r} in {session.name}, and is" if own.item else "is")


@me.command(cls=NegativeIdsCommand)
@click.argument("title")
@_me_options
@click.pass_context
def unmatch(context: click.Context, title: str, dataset: str | None, profile: str, as_json: bool) -> None:
    """Take back which item your entry TITLE was matched with."""
    session = _open(context, dataset)
    own = session.me.unmatch(title, profile)
    means = f"is {own.item.title!r}, by its title," if own.item else "has no match"
    _print_own(own, profile, as_json, f"{means} in {session.name} now, and is")


@me.command(cls=NegativeIdsCommand)
@click.argument("title")
@_me_options
@click.pass_context
def remove(context: click.Context, title: str, dataset: str | None, profile: str, as_json: bool) -> None:
    """Remove your entry TITLE (its title, or an item of the data set)."""
    session = _open(context, dataset)
    try:
        own = session.me.remove(title, profile)
    except UnknownError as unknown:
        try:
            own = session.me.forget(_item(session, title), profile)
        except UnknownError:
            raise unknown from None
    _print_own(own, profile, as_json, "is removed; it was")


@me.command("export")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="A .csv or .json file; else stdout.")
@click.option("--replace", is_flag=True, help="Replace FILE if it exists.")
@_me_options
@click.pass_context
def export_(
    context: click.Context, out: Path | None, replace: bool, dataset: str | None, profile: str, as_json: bool
) -> None:
    """Write your ratings as CSV, or with --json as JSON; `me import` reads both again."""
    from engine.session import Target
    from tui.output import log, print_json, print_line
    from tui.spreadsheet import defused

    service = _open(context, dataset).me
    if out is not None:
        count = service.export(Target(out, replace, defused), profile)
        log(f"Wrote {count:,} entries of the profile {profile!r} to {out}.")
        if as_json:
            print_json({"profile": profile, "entries": count, "path": str(out)})
        return
    columns, rows = service.table(profile)
    if as_json:
        print_json(rows)
    else:
        for line in _as_csv(columns, rows).splitlines():
            print_line(line)


@me.command()
@_me_options
@click.pass_context
def watchlist(context: click.Context, dataset: str | None, profile: str, as_json: bool) -> None:
    """List what is on your watchlist, the latest first; `me rate TITLE watchlist` adds to it."""
    from tui.output import log, print_json, print_table

    session = _open(context, dataset)
    found = session.me.watchlist(profile)
    if as_json:
        print_json([own_json(one) for one in found])
        return
    if not found:
        log(f"The watchlist of {profile!r} is empty: `recsys-tui me rate TITLE watchlist` adds to it.")
        return
    rows = [(one.title, str(one.year or ""), _day(one.timestamp), _here(one)) for one in found]
    print_table(("Title", "Year", "Since", f"In {session.name}"), rows, cut=(0, 3), spare=(2, 1))


@me.command()
@click.option("--make", metavar="NAME", help="Make an empty profile.")
@click.option("--rename", nargs=2, metavar="NAME NEW", help="Give a profile another name.")
@click.option("--remove", metavar="NAME", help="Remove a profile; --restore brings it back.")
@click.option("--restore", metavar="NAME", help="Bring a removed profile back.")
@common_options
@dataset_option
@click.pass_context
def profiles(
    context: click.Context,
    make: str | None,
    rename: tuple[str, str] | None,
    remove: str | None,
    restore: str | None,
    dataset: str | None,
    as_json: bool,
) -> None:
    """List the profiles, or make, rename and remove one."""
    from tui.output import log, print_json, print_line

    if sum(one is not None for one in (make, rename, remove, restore)) > 1:
        raise click.UsageError("Only one of --make, --rename, --remove and --restore at a time.")
    service = _open(context, dataset).me
    if make is not None:
        service.make_profile(make)
        log(f"The profile {make!r} is made.")
    elif rename is not None:
        service.rename_profile(*rename)
        log(f"The profile {rename[0]!r} is now called {rename[1]!r}.")
    elif remove is not None:
        if not service.remove_profile(remove):
            raise UnknownError(f"There is no profile {remove!r}.", tuple(service.profiles()))
        log(f"The profile {remove!r} is removed; --restore {remove} brings it back.")
    elif restore is not None:
        service.restore_profile(restore)
        log(f"The profile {restore!r} is back.")
    names = service.profiles()
    if as_json:
        print_json(names)
        return
    for name in names:
        print_line(name)


def _as_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """The entries as CSV whose texts no spreadsheet runs as a formula, and no terminal obeys."""
    from tui.sanitize import sanitize
    from tui.spreadsheet import write_csv

    stream = io.StringIO(newline="")
    cells = ([_cell(row[name], sanitize) for name in columns] for row in rows)
    write_csv(stream, [list(columns), *cells])
    return stream.getvalue()


def _cell(value: Any, sanitize: Callable[[str], str]) -> object:
    return "" if value is None else sanitize(value) if isinstance(value, str) else value


def own_json(own: OwnRating) -> dict[str, Any]:
    """One entry of a profile for programs."""
    return {
        "title": own.title,
        "year": own.year,
        "status": own.status,
        "rating": own.rating,
        "out_of": own.highest if own.rating is not None else None,
        "lowest": own.lowest if own.rating is not None else None,
        "date": _day(own.timestamp) or None,
        "source": own.source,
        "item_id": None if own.item is None else own.item.item_id,
        "item_title": None if own.item is None else own.item.title,
        "rating_here": own.rating_here,
    }


def _report_json(report: ImportReport) -> dict[str, Any]:
    return {
        "rows": report.rows,
        "matched": report.matched,
        "unmatched": [
            {
                "row": one.row,
                "title": one.title,
                "year": one.year,
                "nearest": [_label(near.title, near.year) for near in one.nearest],
                "nearest_ids": [near.item_id for near in one.nearest],
            }
            for one in report.unmatched
        ],
        "profile": report.profile,
        "kind": report.kind,
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "kept": report.kept,
        "notes": list(report.notes),
    }


def _describe_import(report: ImportReport, dataset: str) -> None:
    from tui.output import log

    for note in report.notes:
        log(note)
    log(
        f"{report.rows:,} of the kind {report.kind}: {report.added:,} new, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged; {report.matched:,} are in {dataset!r}."
    )
    if report.kept:
        log(
            f"{report.kept:,} of earlier imports are not in the file any more, and stay; `me remove TITLE` removes one."
        )
    for title, item in report.respelled[:_LISTED]:
        log(f"{title!r} was taken as {_label(item.title, item.year)!r}.")
    for one in report.unmatched[:_LISTED]:
        row = "" if one.row is None else f"row {one.row:,}: "
        near = "; ".join(_label(near.title, near.year) for near in one.nearest)
        log(
            f"Not in {dataset}: {row}{_label(one.title, one.year)}; "
            + (f"nearest: {near}." if near else "nothing is near.")
        )
    if len(report.unmatched) > _LISTED:
        log(f"{len(report.unmatched) - _LISTED:,} more are not in {dataset!r}; --json lists all.")
    if report.unmatched:
        log("`recsys-tui me match TITLE ITEM` matches one by hand.")


def _item(session: Session, text: str) -> int:
    """The internal id of the item that a title or an id means."""
    return resolve_item(session, text, rated=False).internal_id


def _parse_value(text: str, session: Session) -> tuple[float, float | None, float]:
    """The rating, the lowest one of its scale if that is not above 0, and the highest one."""
    from engine.data.written_ratings import parse_rating

    lowest, usual = session.data.overview().rating_range or (0.5, 5.0)
    try:
        written = parse_rating(text)
    except ValueError:
        written = None
    stated = written and written.highest
    least, highest = (0.0, stated) if stated else (lowest, usual)
    if written is None or not least <= written.value <= highest or (written.value == 0 < lowest):
        raise OptionError(
            f"{text[:40]!r} is no rating: give a number from {lowest:g} to {usual:g}, one such as 9/10 or ★★★½, or "
            "seen, watchlist or not-interested."
        )
    reaches_zero = least <= 0 and (not stated or written.value == 0)
    return written.value, least if reaches_zero else None, highest


def _print_own(own: OwnRating, profile: str, as_json: bool, verb: str) -> None:
    from tui.output import log, print_json

    if as_json:
        print_json(own_json(own))
    log(f"{_label(own.title, own.year)} {verb} {_value(own)} in the profile {profile!r}.")


def _value(own: OwnRating) -> str:
    if own.rating is None:
        return own.status
    scale = f"/{own.highest:g}" if own.lowest is None else f" ({own.lowest:g} to {own.highest:g})"
    return f"{own.rating:g}{scale}"


def _here(own: OwnRating) -> str:
    return "–" if own.item is None else str(own.item.item_id)


def _day(timestamp: int | None) -> str:
    from datetime import UTC, datetime

    try:
        return "" if timestamp is None else f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return ""


def _label(title: str, year: int | None) -> str:
    return title if year is None or str(year) in title else f"{title} ({year})"
