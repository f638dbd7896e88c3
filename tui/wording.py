"""Errors in the words of the command line: the engine gives facts, and this module names flags and commands."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from engine.data.results import Answer, EmptyReason
from engine.errors import LONGEST_SENTENCE, ErrorKind, RecsysError, UnknownError, abridged

_MAPPING_EXAMPLE: Final = "user=uid,item=sku,rating=stars,time=ts,id=sku,title=name,text=a+b"
#: Names of columns up to this length are part of an example; others are named by their position.
_LONGEST_TYPED: Final = 40
#: What a data set's files are called in an example, by kind and role.
_FILES: Final[Mapping[tuple[str, str], str]] = {
    ("anime", "items"): "anime.csv",
    ("anime", "ratings"): "rating.csv",
    ("movies", "items"): "movies_metadata.csv",
    ("movies", "links"): "links.csv",
    ("recbole", "items"): "F.item",
    ("recbole", "ratings"): "F.inter",
}

#: The beginning of the name of a type of Arrow, and what it is in words.
_TYPES: Final = (
    ("string", "text"),
    ("large_string", "text"),
    ("int", "whole number"),
    ("uint", "whole number"),
    ("double", "number"),
    ("float", "number"),
    ("decimal", "number"),
    ("bool", "yes or no"),
    ("date", "date"),
    ("timestamp", "date and time"),
)


def describe(error: RecsysError, *, in_app: bool = False) -> str:
    """The sentence to show for an error: the engine's own, and what to type where a flag or a command helps.

    Parameters
    ----------
    error
        The error.
    in_app
        Whether it is shown in the app, where a key helps in place of some flags.
    """
    remedies = {**_REMEDIES, **_REMEDIES_IN_APP} if in_app else _REMEDIES
    remedy = remedies[error.kind](error) if error.kind in remedies else ""
    message = str(error)
    if not remedy:
        return message
    # A second colon in one sentence would be hard to read.
    mark = ";" if ": " in message else ":"
    rest = abridged(f"{mark} {remedy}.", LONGEST_SENTENCE // 2)
    return f"{abridged(message.removesuffix('.'), LONGEST_SENTENCE - len(rest))}{rest}"


def type_in_words(kind: str) -> str:
    """The type of a column, as Arrow names it, in the words of a reader.

    Examples
    --------
    >>> type_in_words("int32"), type_in_words("list<item: string>"), type_in_words("timestamp[s]")
    ('whole number', 'list of texts', 'date and time')
    """
    if kind.startswith("list<") and kind.endswith("string>"):
        return "list of texts"
    return next((words for begin, words in _TYPES if kind.startswith(begin)), kind)


def unnamed_suggestions(error: UnknownError) -> tuple[str, ...]:
    """What an error suggests, unless its sentence names it already."""
    message = str(error)
    return () if any(one in message for one in error.suggestions) else error.suggestions


def describe_empty(answer: Answer) -> str:
    """The sentence to show for a list that came back empty: why, and the flag that helps if there is one."""
    sentence = answer.why_empty or "Nothing was found."
    if answer.empty is EmptyReason.ALL_SEEN:
        return f"{sentence} --include-seen lists known items too."
    return sentence


def known_targets_note(number: int) -> str:
    """The sentence for held-out items that an evaluation does not ask for, because their users know them."""
    what = "1 held-out item was" if number == 1 else f"{number:,} held-out items were"
    return f"{what} not asked for: the user already knew the item. --include-seen asks for known items too."


def describe_hint(hint: Mapping[str, str]) -> str:
    """The flag that has a file read better; see :class:`engine.datasets.formats.read_report.ReadReport`."""
    if hint["hint"] == "dates":
        return f"--dates day-first or --dates month-first says how the dates of {hint['column']} are to be read."
    if hint["hint"] == "unrated":
        return f"--map unrated={hint['value']} reads it as no rating."
    column = hint["column"]
    if hint["hint"] == "times":
        return f"--map {shlex.quote(f'time={column}')} takes these dates as the times."
    order = "the order of the rows in the file" if column == "#row" else "this order"
    return f"--map {shlex.quote(f'time={column}')} takes {order}."


def describe_smaller(settings: Sequence[str], models: Sequence[str]) -> str:
    """What to do where the memory does not suffice: the options and the models with which it would."""
    ways = []
    if settings:
        ways.append(f"add --set {' or --set '.join(settings)}")
    if models:
        ways.append(f"train {' or '.join(models)} instead")
    return ", or ".join(ways) or "it takes a machine with more memory or a smaller data set"


def train_command(model: str, dataset: str, options: Mapping[str, Any]) -> str:
    """The command that trains a model with these options."""
    return f"recsys-tui train {shlex.quote(model)} -d {shlex.quote(dataset)} {_settings(options)}".strip()


def evaluate_command(model: str, dataset: str, options: Mapping[str, Any], protocol: str, seed: int) -> str:
    """The command that measures a model with these options on the test part of a split."""
    where = f"-d {shlex.quote(dataset)} --protocol {protocol} --seed {seed}"
    return f"recsys-tui evaluate {shlex.quote(model)} {where} {_settings(options)}".strip()


def _quoted(name: str | None) -> str:
    """A name as one word of a shell's command line."""
    return shlex.quote(name or "")


def _settings(options: Mapping[str, Any]) -> str:
    words = " ".join(f"{name}={value}" for name, value in options.items())
    return shlex.join(["--set", words]) if words else ""


def _missing_file(error: RecsysError) -> str:
    kind = error.name or ""
    files = [f"--{role} {_FILES.get((kind, role), 'FILE')}" for role in error.choices]
    if len(files) == 1:
        return f"give {files[0]} too"
    return f"give {', '.join(files)} or both, or name the folder or archive that holds them with --from"


def _unexpected_file(error: RecsysError) -> str:
    return f"leave out {' and '.join(f'--{role}' for role in error.choices)}, or name the folder with --from"


def _several_files(error: RecsysError) -> str:
    if error.name is None:
        return ""
    pattern = f", or all of them with --{error.name} {shlex.quote(error.suggestions[0])}" if error.suggestions else ""
    return f"name one of them with --{error.name}{pattern}"


def _missing_column(error: RecsysError) -> str:
    # Only a reader whose columns can be mapped gives its name.
    if error.name is None:
        return ""
    roles = {"user": ("user", "item"), "item": ("user", "item"), "id": ("id",)}.get(error.column or "")
    if roles is None or len(error.choices) < len(roles):
        return f"name the columns with --map, such as {_MAPPING_EXAMPLE}"
    columns = [_typed_column(column, position) for position, column in enumerate(error.choices, 1)]
    example = ",".join(f"{role}={column}" for role, column in zip(roles, columns, strict=False))
    matrix = ", or say --kind matrix if each column is an item" if error.column == "item" and len(columns) > 2 else ""
    return f"name the columns with --map, such as {shlex.quote(example)}{matrix}"


def _typed_column(column: str, position: int) -> str:
    """How ``--map`` names a column: by its position if its name is long, cannot be typed, or would be taken apart."""
    typed = column.strip() == column and column.isprintable() and not set(column) & set(",+")
    return column if typed and 0 < len(column) <= _LONGEST_TYPED else f"#{position}"


def _untrained(error: RecsysError) -> str:
    return f"`recsys-tui train {_quoted(error.name)} -d {_quoted(error.dataset)}` trains one"


def _not_downloaded(error: RecsysError) -> str:
    return f"then run `recsys-tui datasets add {error.name} --from {_quoted(error.file)}`"


#: An optional package -> the extra that brings it.
_EXTRAS: Final[Mapping[str, str]] = {
    "duckdb": "sql",
    "mlflow": "mlflow",
    "lancedb": "lance",
    "optuna": "tune",
    "pillow": "posters",
    "psycopg": "database",
    "ray": "cluster",
    "python-calamine": "excel",
    "sqlalchemy": "database",
    "textual-serve": "serve",
    "wandb": "wandb",
}


def _run_without_model(error: RecsysError) -> str:
    settings = dict(one.split("=", 1) for one in error.suggestions)
    return f"`{train_command(error.name or '', error.dataset or '', settings)}` trains it, and that run can be promoted"


def _missing_package(error: RecsysError) -> str:
    if error.name is None or error.name not in _EXTRAS:
        return f"run `pip install {_quoted(error.name)}`"
    return (
        f'run `pip install "recsys-tui[{_EXTRAS[error.name]}]"`, or `pip install {error.name}` where recsys-tui was '
        "installed from a checkout"
    )


_REMEDIES: Final[Mapping[ErrorKind | None, Callable[[RecsysError], str]]] = {
    ErrorKind.DATASET_EXISTS: lambda _: "choose another name, or add --replace",
    ErrorKind.NAME_TAKEN: lambda _: "choose another name",
    ErrorKind.UNKNOWN_DATASET: lambda _: "`recsys-tui datasets add` adds one",
    ErrorKind.NO_FILES: lambda _: "name its files with --items, --ratings or --from",
    ErrorKind.UNKNOWN_KIND: lambda _: "give one of them with --kind",
    ErrorKind.UNCLEAR_KIND: lambda error: (
        f"say with --kind {' or '.join(error.choices)} which it is"
        if error.choices
        else "name the columns with --map user=COLUMN,item=COLUMN or id=COLUMN,title=COLUMN, or another kind by --kind"
    ),
    ErrorKind.UNCLEAR_EXPORT: lambda _: (
        "name one of them with --kind; --kind table reads a table with the columns title and rating"
    ),
    ErrorKind.MISSING_FILE: _missing_file,
    ErrorKind.UNEXPECTED_FILE: _unexpected_file,
    ErrorKind.FOLDER_GIVEN: lambda _: "name a file in it, or give the whole folder with --from",
    ErrorKind.SEVERAL_FILES: _several_files,
    ErrorKind.MISSING_COLUMN: _missing_column,
    ErrorKind.UNCLEAR_DATES: lambda _: "say it with --dates day-first or --dates month-first",
    ErrorKind.UNKNOWN_ROLE: lambda _: "correct --map",
    ErrorKind.BAD_HEADER: lambda _: "a plain table is read with --kind table",
    ErrorKind.TOO_LARGE: lambda _: "--max-size 20GB would allow 20 GB",
    ErrorKind.NOT_DOWNLOADED: _not_downloaded,
    ErrorKind.STORAGE_FAILED: lambda _: "--storage names another place",
    ErrorKind.INDEX_BEHIND: lambda _: "`recsys-tui embed --index ADDRESS` pushes them",
    ErrorKind.FILE_EXISTS: lambda _: "choose another name, or add --replace",
    ErrorKind.UNTRAINED: _untrained,
    ErrorKind.EMPTY_PROFILE: lambda _: (
        "`recsys-tui me rate TITLE VALUE` rates one, and `me import FILE` reads an export"
    ),
    ErrorKind.NO_ENTRY: lambda _: "`recsys-tui me list` lists the entries",
    ErrorKind.NO_TIMES: lambda _: "add it again with --map time=COLUMN, or time=#row if its rows are in order of time",
    ErrorKind.ALL_KNOWN: lambda _: "evaluate with --include-seen",
    ErrorKind.DAMAGED_MODEL: lambda error: _untrained(error),
    ErrorKind.NO_NUMBERS: lambda error: _untrained(error),
    ErrorKind.NOTHING_TO_TUNE: lambda error: f"`recsys-tui train {_quoted(error.name)}` is all there is to do",
    ErrorKind.MISSING_PACKAGE: _missing_package,
    ErrorKind.UNKNOWN_RUN: lambda _: "`recsys-tui runs list` shows the runs",
    ErrorKind.RUN_WITHOUT_MODEL: _run_without_model,
    ErrorKind.NOT_ENOUGH_MEMORY: lambda error: describe_smaller(error.suggestions, error.choices),
    ErrorKind.NO_DEVICE: lambda error: f"use --device {' or '.join(error.choices)}",
}

#: What helps in the app instead of a flag; nothing where the page that shows the error asks for it.
_REMEDIES_IN_APP: Final[Mapping[ErrorKind | None, Callable[[RecsysError], str]]] = {
    ErrorKind.DATASET_EXISTS: lambda _: "choose another name, or remove or rename that one first",
    ErrorKind.FILE_EXISTS: lambda _: "choose another name",
    ErrorKind.NO_FILES: lambda _: "type the path of its ratings, or of the whole folder",
    ErrorKind.UNCLEAR_KIND: lambda _: "say which column is the user and which the item",
    ErrorKind.MISSING_COLUMN: lambda _: "",
    ErrorKind.UNCLEAR_DATES: lambda _: "",
    ErrorKind.FOLDER_GIVEN: lambda _: "type the path of a file in it",
    ErrorKind.BAD_HEADER: lambda _: "say which column is the user and which the item",
    ErrorKind.TOO_LARGE: lambda _: "`recsys-tui datasets add … --max-size 20GB` would allow 20 GB",
    ErrorKind.EMPTY_PROFILE: lambda _: "1 … 9 and 0 rate in any list, and the palette imports an export",
    ErrorKind.NO_ENTRY: lambda _: "",
    ErrorKind.NO_TIMES: lambda _: "add it again and give the role time to a column",
    ErrorKind.ALL_KNOWN: lambda _: "`recsys-tui evaluate … --include-seen` asks for them all the same",
    ErrorKind.NOTHING_TO_TUNE: lambda _: "training it is all there is to do",
    ErrorKind.UNKNOWN_RUN: lambda _: "",
    ErrorKind.RUN_WITHOUT_MODEL: lambda _: "train it again with its options, and that run can be promoted",
}
