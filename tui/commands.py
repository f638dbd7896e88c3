"""The commands and their options. Each imports what it needs when it runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from engine.errors import DataError, OptionError, RecsysError
from engine.version import __version__
from tui.cli import DEVICES

if TYPE_CHECKING:
    from engine.session import Session
    from engine.workspace import Workspace

#: As many as a session remembers the vectors of.
_QUERIES_TOGETHER = 256

Command = TypeVar("Command", bound=Callable[..., Any])

MODES = ("hybrid", "semantic", "keyword")
LIKE_BY = ("meaning", "taste", "both")
PROTOCOLS = ("random", "user", "leave-one-out", "temporal")

_dataset = click.option("-d", "--dataset", metavar="DATASET", help="Which data set; else the one added or opened last.")
_device = click.option("--device", type=click.Choice(DEVICES), default="auto", show_default=True, help="What computes.")
_model = click.option("-m", "--model", metavar="MODEL", help="Which model; else the best trained one.")
_count = click.option(
    "-k", "count", type=click.IntRange(1, 10_000), default=10, show_default=True, metavar="N", help="How many."
)
_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
_embedding_model = click.option(
    "--embedding-model",
    metavar="NAME|FOLDER",
    help="What understands texts; else config.toml's, or the packaged one.",
)
_seed = click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=42, show_default=True, metavar="N")
_protocol = click.option(
    "--protocol", type=click.Choice(PROTOCOLS), help="How to split; by default what suits the model."
)
_settings = click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="An option of the model.")
# Read by tui.cli.main from the words themselves, since an error may come before any command is chosen.
_debug = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")


class _TakingNegativeIds(click.Command):
    """A command to which ``-5`` is an id: click takes every word that begins with a dash for an option."""

    shielded = re.compile(r"-\d+")

    def parse_args(self, context: click.Context, words: list[str]) -> list[str]:
        """Put a space, which is no part of an id or a filter, before such words that are not the value of an option."""
        options = [one for one in self.params if isinstance(one, click.Option) and not one.is_flag]
        before_value = {name for option in options for name in option.opts}
        shielded = [
            f" {word}" if self.shielded.fullmatch(word) and before not in before_value else word
            for before, word in zip(["", *words], words, strict=False)
        ]
        return super().parse_args(context, shielded)


class _TakingFilters(_TakingNegativeIds):
    """A command to which ``-genre:horror`` is a filter."""

    shielded = re.compile(r"-[^\W\d_][\w-]*:.+", re.DOTALL)


def _common(command: Command) -> Command:
    """The options that every command but the app takes."""
    return _debug(_json(command))


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command the app opens: on the bundled demo at the first start.",
)
@_dataset
@_device
@_embedding_model
@_debug
@click.version_option(__version__, prog_name="recsys-tui", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, dataset: str | None, device: str, embedding_model: str | None) -> None:
    """A terminal workbench for recommender models: search, user and sequence."""
    context.obj = {"dataset": dataset, "device": device, "embedding_model": embedding_model}
    if context.invoked_subcommand is None:
        from tui.launch import launch

        launch(dataset, device, embedding_model)


@cli.command()
@_common
def paths(as_json: bool) -> None:
    """Print where things lie."""
    from engine.paths import find_paths
    from tui.output import print_json

    places = find_paths()
    named = {name: str(getattr(places, name)) for name in ("config", "data", "cache", "state")}
    if as_json:
        print_json(named)
    else:
        for name, place in named.items():
            click.echo(f"{name:<7}{place}")


@cli.group()
def datasets() -> None:
    """Add, list, inspect and remove data sets."""


@datasets.command("list")
@_common
def list_datasets(as_json: bool) -> None:
    """List the stored data sets."""
    from tui.output import dataset_json, print_json, print_table, say

    workspace = _workspace()
    manifests = []
    for name in workspace.names():
        try:
            manifests.append(workspace.manifest(name))
        except RecsysError as error:  # one damaged set must not hide the others
            say(str(error))
    if as_json:
        print_json([dataset_json(manifest) for manifest in manifests])
        return
    if not manifests:
        say("No data set is stored yet: `recsys-tui datasets add demo` adds the bundled one.")
        return
    overviews = [manifest.overview for manifest in manifests]
    print_table(
        ("Name", "Kind", "Items", "Users", "Interactions", "Title"),
        [
            (one.name, one.kind, f"{one.num_items:,}", f"{one.num_users:,}", f"{one.num_interactions:,}", one.title)
            for one in overviews
        ],
        cut=(5,),
        right=(2, 3, 4),
    )


@datasets.command("add")
@click.argument("name")
@click.option("--kind", metavar="KIND", help="Which reader; guessed from the files where it is not given.")
@click.option("--items", type=click.Path(path_type=Path), metavar="F", help="The catalogue.")
@click.option("--ratings", type=click.Path(path_type=Path), metavar="F", help="The ratings or the log.")
@click.option("--links", type=click.Path(path_type=Path), metavar="F", help="links.csv, for kind movies.")
@click.option("--from", "source", type=click.Path(path_type=Path), metavar="PATH", help="A folder or an archive.")
@click.option(
    "--map", "mapping", metavar="ROLE=COLUMN,…", help="For kind table: user=…,item=…,rating=…,time=…,id=…,text=a+b."
)
@click.option("--replace", is_flag=True, help="Take the place of a data set of the same name.")
@_common
def add_dataset(
    name: str,
    kind: str | None,
    items: Path | None,
    ratings: Path | None,
    links: Path | None,
    source: Path | None,
    mapping: str | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Read a data set from files and keep it.

    NAME alone adds the bundled `demo`, or fetches ml-100k, ml-latest-small or ml-1m from its publisher.
    """
    from engine.datasets.adding import add
    from tui.output import print_dataset, progress_on_stderr, say

    workspace = _workspace()
    with progress_on_stderr() as job:
        manifest = add(
            workspace,
            name,
            kind=kind,
            items=items,
            ratings=ratings,
            links=links,
            source=source,
            mapping=None if mapping is None else _parse_mapping(mapping),
            replace=replace,
            job=job,
            say=say,
        )
    workspace.make_current(name)
    print_dataset(manifest, as_json)


@datasets.command("info")
@click.argument("name")
@_common
def dataset_info(name: str, as_json: bool) -> None:
    """Tell what a data set holds and what its reader left out."""
    from tui.output import print_dataset

    print_dataset(_workspace().manifest(name), as_json)


@datasets.command("remove")
@click.argument("name")
@_common
def remove_dataset(name: str, as_json: bool) -> None:
    """Delete a data set with its embeddings and models."""
    from tui.output import print_json, say

    _workspace().remove(name)
    if as_json:
        print_json({"removed": name})
    else:
        say(f"Removed {name}.")


@cli.command(cls=_TakingFilters)
@click.argument("query", nargs=-1)
@_dataset
@_device
@_count
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
@_embedding_model
@_common
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
    lines = None if queries is None else _open_queries(queries)
    session = _session(context, dataset, device, embedding_model)
    parsed = session.parse_query(words)
    parsed.demand()
    if like is not None:
        session.dataset.items.vocabulary.encode_one(like)
    if mode != "keyword" and by != "taste" and (parsed.text or like is not None or lines is not None):
        try:
            with progress_on_stderr() as job:
                session.embed(job)
        except DataError as error:
            if mode != "hybrid" or by == "meaning":
                raise
            say(str(error))  # there is still another way to search, beside what was embedded before
    if lines is not None:
        for batch in _read_queries(lines):
            if mode != "keyword" and len(batch) > 1:
                session.understand(batch)
            for line in batch:
                one = session.parse_query(line)
                for problem in one.problems:
                    say(problem.message)  # one line's error is no reason to leave the others unanswered
                asked = one.text or one.filters
                results = session.search(one, count, mode, diversity=diversity).results if asked else ()
                print_json([result_json(result) for result in results])
        return
    print_answer(session.search(words, count, mode, like=like, like_by=by, diversity=diversity), as_json)


@cli.command(cls=_TakingNegativeIds)
@click.argument("user")
@_dataset
@_device
@_model
@_count
@click.option("--include-seen", is_flag=True, help="Also what the user knows already.")
@_common
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

    answer = _session(context, dataset, device).recommend(user.strip(), count, model, filter_seen=not include_seen)
    print_answer(answer, as_json, extra="predicted_rating")


@cli.command("next", cls=_TakingNegativeIds)
@click.argument("titles", nargs=-1, required=True, metavar="TITLE_OR_ID...")
@_dataset
@_device
@_model
@_count
@_common
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

    session = _session(context, dataset, device)
    matches = [session.resolve_title(title) for title in titles]
    for title, match in zip(titles, matches, strict=True):
        if match.how not in ("exact", "id"):
            year = "" if match.item.year is None else f" ({match.item.year})"
            say(f"{title!r} taken as {match.item.title}{year}, id {match.item.item_id}.")
    answer = session.next_items([match.item.dense_id for match in matches], count, model)
    print_answer(answer, as_json, extra="probability")


@cli.group()
def models() -> None:
    """Inspect the models."""


@models.command("list")
@_dataset
@_common
@click.pass_context
def list_models(context: click.Context, dataset: str | None, as_json: bool) -> None:
    """List the models, their options, and the data sets that each is trained on.

    With -d the defaults are those for this data set's size.
    """
    from engine import models
    from engine.session import Session
    from tui.output import ListedModel, print_models, say

    workspace = _workspace()
    wanted = dataset or context.obj["dataset"]
    specs = models.describe()
    trained_on: dict[str, list[str]] = {name: [] for name in specs}
    for name in [wanted] if wanted else workspace.names():
        try:
            states = Session(workspace, name).models()
        except RecsysError as error:
            if wanted:
                raise
            say(str(error))  # one damaged set must not hide the others
            continue
        for state in states:
            if state.trained:
                trained_on[state.name].append(name)
    size = (0, 0)
    if wanted:
        overview = workspace.manifest(wanted).overview
        size = overview.num_interactions, overview.num_rated_items
    print_models(
        [ListedModel(spec, trained_on[name], spec.defaults_for(*size)) for name, spec in specs.items()], as_json
    )


@cli.command()
@click.argument("model")
@_dataset
@_device
@_settings
@_seed
@_common
@click.pass_context
def train(
    context: click.Context,
    model: str,
    dataset: str | None,
    device: str,
    settings: tuple[str, ...],
    seed: int,
    as_json: bool,
) -> None:
    """Train MODEL on the whole data set and keep it."""
    from tui.output import print_report, progress_on_stderr

    session = _session(context, dataset, device)
    with progress_on_stderr() as job:
        report = session.train(model, _parse_settings(settings), job, seed)
    print_report(report, as_json)


@cli.command()
@click.argument("names", nargs=-1, required=True, metavar="MODEL...")
@_dataset
@_device
@_protocol
@_seed
@click.option(
    "--seeds", type=click.IntRange(1, 100), default=1, show_default=True, metavar="N", help="Mean of so many."
)
@click.option("--at", type=click.IntRange(1, 1000), default=10, show_default=True, metavar="K", help="Length of lists.")
@click.option("--include-seen", is_flag=True, help="Rank also what a person knows already.")
@click.option("--segments", is_flag=True, help="Figures also by kinds of users and items.")
@_settings
@_common
@click.pass_context
def evaluate(
    context: click.Context,
    names: tuple[str, ...],
    dataset: str | None,
    device: str,
    protocol: str | None,
    seed: int,
    seeds: int,
    at: int,
    include_seen: bool,
    segments: bool,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Train models on a part of the data and measure them on the rest.

    Several models are asked the same questions and make one table; an option given by --set is for those that have
    it, or for one as MODEL.KEY=VALUE.
    """
    from engine.experiment import protocol_for
    from tui.output import print_report, print_reports, progress_on_stderr

    names = tuple(dict.fromkeys(names))
    options = _options_by_model(names, settings)
    session = _session(context, dataset, device)
    protocol = protocol_for(names, protocol)
    how = {"at": at, "filter_seen": not include_seen, "segments": segments, "seeds": seeds}
    reports, failed = [], []
    for name in names:
        try:
            with progress_on_stderr() as job:
                reports.append(session.evaluate(name, protocol, seed, options[name], job, **how))
        except RecsysError as error:
            if len(names) == 1 or isinstance(error, OptionError):
                raise
            failed.append(f"{name} was left out. {error}")  # and must not cost the others' figures
    if len(names) == 1:
        print_report(reports[0], as_json)
    elif reports:
        print_reports(reports, as_json)
    if failed:
        raise RecsysError(" ".join(failed))


@cli.command()
@click.argument("model")
@_dataset
@_device
@click.option(
    "--trials",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    metavar="N",
    help="In all, with earlier.",
)
@_protocol
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Stop after so many seconds.")
@click.option(
    "--metric", metavar="NAME", help="What to go by: rmse, mae, mrr, ndcg@10 …; by default what suits the model."
)
@_seed
@_settings
@_common
@click.pass_context
def tune(
    context: click.Context,
    model: str,
    dataset: str | None,
    device: str,
    trials: int,
    protocol: str | None,
    timeout: float | None,
    metric: str | None,
    seed: int,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Look for good options of MODEL on a validation part.

    Options given by --set stay as they are. The search is kept: the same command goes on with it.
    """
    from tui.output import print_tuning, progress_on_stderr

    session = _session(context, dataset, device)
    with progress_on_stderr() as job:
        outcome = session.tune(
            model,
            trials,
            protocol=protocol,
            timeout=timeout,
            metric=metric,
            seed=seed,
            options=_parse_settings(settings),
            job=job,
        )
    print_tuning(outcome, as_json)


def _options_by_model(names: tuple[str, ...], settings: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """The options for each of several models: ``KEY=VALUE`` for all that have it, ``MODEL.KEY=VALUE`` for one."""
    from engine import models

    specs = {name: models.get(name) for name in names}
    options: dict[str, dict[str, str]] = {name: {} for name in names}
    for word, value in _parse_settings(settings).items():
        name, dot, key = word.rpartition(".")
        if dot and name not in specs:
            raise OptionError(f"--set {word}: {name} is none of the models to evaluate, which are {', '.join(names)}.")
        takers = [name] if dot else [one for one, spec in specs.items() if word in spec.options]
        if not takers and len(names) > 1:
            raise OptionError(f"None of the models {', '.join(names)} has an option {word!r}.")
        for taker in takers or names:
            options[taker][key] = value
    for name, spec in specs.items():
        spec.read_options(options[name])  # what is wrong is said now, not after minutes of other models
    return options


def _workspace() -> Workspace:
    from engine.paths import find_paths
    from engine.workspace import Workspace

    return Workspace(find_paths().data)


def _session(context: click.Context, dataset: str | None, device: str, embedding_model: str | None = None) -> Session:
    """The session of a command; `-d` and `--device` may stand before it or after it."""
    from engine.session import open_session

    outer = context.obj
    return open_session(
        _workspace(),
        dataset or outer["dataset"],
        device=outer["device"] if device == "auto" else device,
        embedding_model=embedding_model or outer["embedding_model"],
    )


def _open_queries(name: str) -> IO[str]:
    from engine.atomic import describe_os_error

    try:
        return click.open_file(name, encoding="utf-8")
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({describe_os_error(error)}).") from error


def _read_queries(lines: IO[str]) -> Iterator[list[str]]:
    """The queries as they come, as many together as have come: none waits for one that is not written yet."""
    unread, number = b"", 0
    while chunk := lines.buffer.read1(1 << 16):  # type: ignore[attr-defined]
        *whole, unread = (unread + chunk).split(b"\n")
        for start in range(0, len(whole), _QUERIES_TOGETHER):
            batch = whole[start : start + _QUERIES_TOGETHER]
            yield [_decode(line, lines.name, number + place) for place, line in enumerate(batch, start=1)]
            number += len(batch)
    if unread:
        yield [_decode(unread, lines.name, number + 1)]


def _decode(line: bytes, name: str, number: int) -> str:
    try:
        return line.decode("utf-8").removeprefix("\ufeff").rstrip("\r")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}, line {number:,}: is not UTF-8 text; save it as UTF-8.") from error


def _parse_settings(settings: tuple[str, ...]) -> dict[str, str]:
    """Read ``key=value`` words, also several in one, as in ``"representation=cnn loss=bpr"``."""
    parsed = {}
    for word in (word for setting in settings for word in setting.split()):
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise click.UsageError(f"--set takes KEY=VALUE, not {word!r}.")
        parsed[key] = value
    return parsed


def _parse_mapping(text: str) -> dict[str, str | list[str]]:
    mapping: dict[str, str | list[str]] = {}
    for word in text.split(","):
        role, equals, column = word.partition("=")
        if not equals or not role or not column:
            raise click.UsageError(f"--map takes ROLE=COLUMN separated by commas, not {word!r}.")
        mapping[role.strip()] = column.split("+") if role.strip() == "text" else column.strip()
    return mapping
