"""Files as people have them, and ways to spoil them: every seed gives the same spoilt files and the same command.

The quick test and ``benchmarks/reliability/mutated_files.py`` are made from this.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import LONGEST_SENTENCE, RecsysError

from .published import SOURCES
from .test_registry import FIXTURES


@dataclass(frozen=True)
class Given:
    """Files, and what follows ``recsys-tui datasets add NAME``."""

    title: str
    files: dict[str, bytes]
    words: tuple[str, ...]

    def write(self, folder: Path) -> None:
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


_ROWS = [
    {
        "user_id": f"u{n % 5}",
        "item_id": n % 7,
        "rating": (n * 3) % 10 / 2,
        "timestamp": 1_600_000_000 + n * 1000,
        "title": f'Film "{n % 7}", the one; or | another',
        "tags": ["Drama", "Crime"][: n % 3],
    }
    for n in range(25)
]


def _delimited(delimiter: str, rows: list[dict[str, object]]) -> str:
    def cell(value: object) -> str:
        text = "|".join(value) if isinstance(value, list) else str(value)
        return '"' + text.replace('"', '""') + '"' if set(text) & {'"', delimiter, "\n"} else text

    return "\r\n".join(delimiter.join(map(cell, row)) for row in [list(rows[0]), *(list(row.values()) for row in rows)])


def _parquet(rows: list[dict[str, object]], **options: object) -> bytes:
    stream = io.BytesIO()
    table = pa.Table.from_pylist(rows)
    moments = table["timestamp"].cast(pa.timestamp("s", tz="UTC"))
    table = table.set_column(table.schema.get_field_index("timestamp"), "timestamp", moments)
    pq.write_table(table, stream, **options)
    return stream.getvalue()


@cache
def originals() -> tuple[Given, ...]:
    """Published sets and exports, the smallest files of each reader, and one log in all formats."""
    found = [
        Given(
            one.title, {name: text.encode(one.encoding) for name, text in one.files.items()}, tuple(one.words.split())
        )
        for one in SOURCES
    ]
    for kind, files in FIXTURES.items():
        contents = {
            f"set/{name}": gzip.compress(text.encode(), mtime=0) if name.endswith(".gz") else text.encode()
            for name, text in files.items()
        }
        found.append(Given(kind, contents, ("--kind", kind, "--from", "set")))
    table = {
        "log.csv": _delimited(",", _ROWS).encode(),
        "log.tsv": _delimited("\t", _ROWS).encode("utf-8-sig"),
        "log.txt": _delimited(";", _ROWS).encode("utf-16"),
        "log.jsonl": "\n".join(map(json.dumps, _ROWS)).encode(),
        "log.json": json.dumps({"count": 25, "rows": _ROWS}, indent=2).encode(),
        "log.parquet": _parquet(_ROWS),
        "plain.parquet": _parquet(_ROWS, compression="none", use_dictionary=False, row_group_size=10),
        "zstd.parquet": _parquet(_ROWS, compression="zstd", data_page_version="2.0"),
    }
    for name, content in table.items():
        found.append(Given(f"a log in {name}", {name: content}, ("--ratings", name)))
        words = ("--items", name, "--map", "id=timestamp,title=title,text=title+tags,genres=tags")
        found.append(Given(f"a catalogue in {name}", {name: content}, words))
    return tuple(found)


#: What a cell never holds in the examples of a format, and holds somewhere in the files of people.
VALUES = (
    *("", " ", "nan", "NaN", "inf", "-inf", "1e400", "-1e-400", "0x10", "1_000", "1,5", "-1", "0", "9" * 25, "9" * 400),
    *("٣", "½", "1e309", "18446744073709551616", "-9223372036854775809", "True", "NULL", "\\N", "None", "{}", "[]"),
    *("0000-00-00", "31/31/2024", "9999-12-31T23:59:59Z", "-4712-01-01", "2024-02-30", "1970-01-01T00:00:00+99:99"),
    *("20201331", "25:61", "Mon, 99 Foo 2024", "253402300800", "99999999999999999999", "12/13/14", "2024-W60-9"),
    *("\x1b]52;c;YQ==\x07", "\x9b31m", "\u202eabc", "\u2028", "\u0085", "\x0b", "\x0c", "\x7f", "\ufeff", "\ufffe"),
    *("[bold]x[/bold]", "[/]", "<script>", "&#0;", "&#x110000;", "&lt;", "%s%n{0}", "=cmd|' /C calc'!A0", "../../x"),
    *(
        '"',
        '""',
        "'",
        "\\",
        '\\"',
        "`",
        "😀" * 30,
        "e\u0301",
        "\u0000",
        "x" * 3000,
        "[" * 3000,
        "{" * 3000,
        '{"a":' * 999,
    ),
    *(
        "\\ud800",
        "\\u0000",
        '["a", "b"',
        "{'id': 1}",
        "[{'name': 'x'}]",
        "a|b|c",
        "a::b",
        "::",
        "|",
        ";",
        "\t",
        "\n",
        "\r",
    ),
)
_ENCODINGS = (
    "utf-16",
    "utf-16-be",
    "utf-16-le",
    "utf-32",
    "cp1252",
    "cp1251",
    "shift_jis",
    "cp500",
    "utf-7",
    "utf-8-sig",
)
#: Files that hold next to nothing: the first bytes of a format, or one empty value.
_STARTS = (b"", b"\n", b"\0", b" ", b"\xef\xbb\xbf", b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"[]", b"{}", b"null")
_MEMBERS = ("readme.txt", "[bold]x", "a\nb.csv", "../up.csv", "log.csv", "\x1b[2J")
_DELIMITERS = (",", ";", "\t", "|", "::", " ", "\x01")


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _flip(content: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8, 40)) if spoilt else 0):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def _overwrite(content: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(content) + 1)
    length = chance.choice((1, 4, 16, 64))
    return content[:begin] + chance.choice((b"\0", b"\xff", b"\x80")) * length + content[begin + length :]


def _remove(content: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(content) + 1)
    return content[:begin] + content[begin + chance.choice((1, 2, 10, 100)) :]


def _insert(content: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(content) + 1)
    value = chance.choice(VALUES).encode("utf-8", "surrogatepass")
    return content[:begin] + value * chance.choice((1, 1, 1, 3)) + content[begin:]


def _repeat(content: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(content) + 1)
    end = min(len(content), begin + chance.choice((1, 10, 1000)))
    return content[:end] + content[begin:end] * chance.choice((1, 2, 500)) + content[end:]


def _twice(content: bytes, chance: random.Random) -> bytes:
    return content + chance.choice((b"", b"\n", b"\n\n", b"\0")) + content


def _nothing(content: bytes, chance: random.Random) -> bytes:
    return chance.choice(
        (b"", b"\n", b"\0", b" ", b"\xef\xbb\xbf", b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"[]", b"{}", b"null")
    )


#: For content of any kind, text or not.
_BYTES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_cut, _flip, _flip, _overwrite, _remove, _insert, _repeat, _twice, _nothing),
)


def _delimiter_in(text: str) -> str:
    return max(_DELIMITERS, key=lambda one: text.partition("\n")[0].count(one))


def _swap_delimiter(text: str, chance: random.Random) -> str:
    old, new = _delimiter_in(text), chance.choice(_DELIMITERS)
    lines = text.split("\n")
    for number in range(len(lines)) if chance.random() < 0.6 else [chance.randrange(len(lines))]:
        lines[number] = lines[number].replace(old, new)
    return "\n".join(lines)


def _change_columns(text: str, chance: random.Random) -> str:
    """Drop, double, move or rename a column, or all but one."""
    delimiter = _delimiter_in(text)
    rows = [line.split(delimiter) for line in text.split("\n")]
    columns = list(zip_longest(*rows, fillvalue=""))
    begin, other = chance.randrange(len(columns)), chance.randrange(len(columns))
    match chance.randrange(6):
        case 0:
            del columns[begin]
        case 1:
            columns.insert(other, columns[begin])
        case 2:
            columns[begin], columns[other] = columns[other], columns[begin]
        case 3:
            columns = [columns[begin]]
        case 4:
            columns[begin] = (chance.choice((*columns[other][:1], *VALUES)), *columns[begin][1:])
        case _:
            columns += [(f"extra {n}", *["7"] * (len(rows) - 1)) for n in range(chance.choice((1, 50, 2000)))]
    return "\n".join(delimiter.join(row) for row in zip(*columns, strict=True))


def _change_cells(text: str, chance: random.Random) -> str:
    delimiter = _delimiter_in(text)
    rows = [line.split(delimiter) for line in text.split("\n")]
    column, value = chance.randrange(max(map(len, rows))), chance.choice(VALUES)
    chosen = rows[1:] if chance.random() < 0.3 else [chance.choice(rows)]
    for row in chosen:
        if column < len(row):
            row[column] = value
    return "\n".join(map(delimiter.join, rows))


def _change_lines(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    match chance.randrange(8):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[0])
        case 2:
            chance.shuffle(lines)
        case 3:
            lines = lines[1:]
        case 4:
            lines = lines[:1]
        case 5:
            lines[at:at] = [""] * chance.choice((1, 5000))
        case 6:
            lines[at:at] = [chance.choice(("# comment", "sep=;", "Total: 5", "-- ", "<html>", '"'))] * 3
        case _:
            lines += lines[-2:] * chance.choice((3, 2000))
    return chance.choice(("\n", "\n", "\r\n", "\r", "\n\r", "\u2028", "\n\n")).join(lines)


def _quote(text: str, chance: random.Random) -> str:
    delimiter, mark = _delimiter_in(text), chance.choice(('"', "'", '""', "“"))
    return "\n".join(
        delimiter.join(mark + cell + mark if chance.random() < 0.7 else mark + cell for cell in line.split(delimiter))
        for line in text.split("\n")
    )


def _nest(text: str, chance: random.Random) -> str:
    match chance.randrange(5):
        case 0:
            return f'{{"a": {text}}}'
        case 1:
            return f"[{text}]"
        case 2:
            return "[" * (depth := chance.choice((3, 500, 200_000))) + text + "]" * depth
        case 3:
            return text.replace("}", ', "more": ' + '{"x": [' * 40 + "1" + "]}" * 40 + "}")
        case _:
            return text.replace(": ", ": [", chance.choice((1, 3)))


_TEXTS: tuple[Callable[[str, random.Random], str], ...] = (
    *(_swap_delimiter, _change_columns, _change_columns, _change_cells, _change_cells, _change_cells, _change_lines),
    *(_quote, _nest),
)


def _spoil(content: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return chance.choice(_BYTES)(content, chance)
    try:
        text = content.decode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8")
    except UnicodeDecodeError:
        return chance.choice(_BYTES)(content, chance)
    if chance.random() < 0.1:
        return text.encode(chance.choice(_ENCODINGS), "replace")
    return chance.choice(_TEXTS)(text, chance).encode("utf-8", "surrogatepass")


def _zip(members: dict[str, bytes], chance: random.Random) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=archive.compression)
        if chance.random() < 0.2:
            with warnings.catch_warnings(action="ignore"):  # a name can be there twice
                archive.writestr(chance.choice(_MEMBERS), b"a,b\n1,2\n")
    return stream.getvalue()


def _packed(given: Given, chance: random.Random) -> Given:
    """The same in archives: each file by itself, or the folder that ``--from`` names."""
    files, words = dict(given.files), list(given.words)
    if "--from" in words:
        place = words.index("--from") + 1
        archive = f"{words[place]}.zip"
        files = {archive: _zip(files, chance)}
        words[place] = archive
        return Given(given.title, files, tuple(words))
    for name in given.files:
        pack = chance.choice(("gz", "zip"))
        content = files.pop(name)
        packed = gzip.compress(content, mtime=0) if pack == "gz" else _zip({name: content}, chance)
        files[f"{name}.{pack}"] = packed
        words = [
            f"{name}.{pack}{word.removeprefix(name)}" if word.partition(":")[0] == name else word for word in words
        ]
    return Given(given.title, files, tuple(words))


def mutated(seed: int) -> Given:
    """The spoilt files of a seed."""
    chance = random.Random(seed)
    given = chance.choice(originals())
    files = dict(given.files)
    for _ in range(chance.choice((1, 1, 2, 4))):
        name = chance.choice(sorted(files))
        files[name] = _spoil(files[name], chance)
    if len(files) > 1 and chance.random() < 0.1:
        names = sorted(files)
        files = dict(zip(names, [files[name] for name in [*names[1:], names[0]]], strict=True))
    given = Given(given.title, files, given.words)
    if chance.random() < 0.3:
        given = _packed(given, chance)
        if chance.random() < 0.5:
            name = chance.choice(sorted(given.files))
            files = given.files | {name: chance.choice(_BYTES)(given.files[name], chance)}
            given = Given(given.title, files, given.words)
    return given


class WrongOutcomeError(AssertionError):
    """A command said what it must not say, or ended otherwise than in an answer or in one sentence."""


def sentence_for(words: Sequence[str]) -> str:
    """Run a command in this process: its sentence if it refuses, and an empty text if it answers.

    Raises
    ------
    WrongOutcomeError
        If it ends in a traceback, in a long sentence or one of several lines, or in a JSON document that is none.
    """
    from tui.cli import main
    from tui.wording import describe

    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([*words, "--json", "--debug"])
    except RecsysError as error:
        sentence = describe(error)
        if not 0 < len(sentence) <= LONGEST_SENTENCE or len(sentence.splitlines()) != 1:
            raise WrongOutcomeError(f"{len(sentence)} characters: {sentence!r}") from error
        return sentence
    except Exception as error:
        raise WrongOutcomeError(f"{type(error).__name__}: {error}") from error
    if status:
        raise WrongOutcomeError(f"status {status}: {err.getvalue()}")
    try:
        answer = json.loads(out.getvalue())
    except ValueError as error:
        raise WrongOutcomeError(f"no JSON ({error}): {out.getvalue()[:200]}") from error
    for note in answer["source"].get("notes", ()):
        if len(note.splitlines()) != 1:
            raise WrongOutcomeError(f"a note of several lines: {note!r}")
    return ""
