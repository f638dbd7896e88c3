"""Every command with hostile arguments over a hostile data set, in this process."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.hostile.texts import file_name
from tui.cli import main

#: The name of the data set whose every text is hostile.
DATASET = "odd"


def run(*words: object) -> tuple[int, bytes]:
    """Run the command line; its exit status, and what it wrote to stdout and stderr, in this order."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", errors, write_through=True) for errors in ("strict", "replace")]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            status = main([str(word) for word in words])
        except Exception:
            sys.excepthook(*sys.exc_info())  # as Python does for `--debug`
            status = 1
    return status, b"".join(stream.buffer.getvalue() for stream in streams)  # type: ignore[attr-defined]


def write_files(texts: Sequence[str], folder: Path) -> tuple[Path, Path]:
    """A catalogue and a log whose ids, titles, values, users and names of columns are these texts."""
    items, ratings = folder / "items.jsonl", folder / "ratings.jsonl"
    with items.open("w", encoding="utf-8") as lines:
        for number, text in enumerate(texts):
            row = {"id": text, "title": text, "genres": [text, texts[number - 1]], "year": 1990 + number % 30}
            lines.write(json.dumps({**row, "director": text, "overview": text, texts[0]: text}) + "\n")
    with ratings.open("w", encoding="utf-8") as lines:
        for number, user in enumerate(texts):
            for step in range(8):
                row = {
                    "user": user,
                    "item": texts[(number + step * step) % len(texts)],
                    "rating": 1 + (number + step) % 5,
                }
                lines.write(json.dumps({**row, "time": 1_000_000 + step}) + "\n")
    return items, ratings


def prepare(texts: Sequence[str], folder: Path) -> Iterator[tuple[int, bytes]]:
    """Add the data set of these texts and train two models on it."""
    items, ratings = write_files(texts, folder)
    yield run("datasets", "add", DATASET, "--items", items, "--ratings", ratings, "--dry-run")
    yield run("datasets", "add", DATASET, "--items", items, "--ratings", ratings)
    yield run("datasets", "add", DATASET, "--items", items, "--ratings", ratings, "--json", "--replace")
    yield run("datasets", "list")
    yield run("train", "popular", "-d", DATASET)
    yield run("train", "markov", "-d", DATASET)


def commands(text: str, folder: Path) -> Iterator[tuple[object, ...]]:
    """The words of commands that take this text wherever they take any."""
    odd = ("-d", DATASET)
    yield ("search", text, *odd, "--mode", "keyword")
    yield ("search", text, *odd, "--mode", "keyword", "--json")
    yield ("search", f'genre:"{text}"', *odd, "--mode", "keyword")
    yield ("search", f"{text}:1", *odd, "--mode", "keyword")
    yield ("search", *odd, "--like", text, "--mode", "keyword", "--by", "taste")
    yield ("search", *odd, "--mode", text, "x")
    yield ("search", *odd, "--queries", text)
    yield ("recommend", text, *odd)
    yield ("recommend", text, *odd, "-m", "popular", "--json")
    yield ("recommend", text, *odd, "-m", text)
    yield ("recommend", f"no {text}", *odd, "--debug")
    yield ("next", text, *odd)
    yield ("next", f"no {text}", *odd)
    yield ("train", text, *odd)
    yield ("train", "popular", "-d", text)
    yield ("train", "popular", *odd, "--set", f"{text}=1")
    yield ("train", "popular", *odd, "--seed", text)
    yield ("evaluate", "popular", text, *odd)
    yield ("models", "list", "-d", text)
    yield ("export", "recommendations", *odd, "--out", folder / file_name(f"{text}.csv"), "-k", "1")
    yield ("export", "next", *odd, "--out", folder / file_name(f"{text}.jsonl"), "--json")
    yield ("export", "recommendations", *odd, "--out", text)
    yield ("export", "model", *odd, "--out", folder / "v.npy", "-m", text)
    yield ("export", "next", *odd, "--out", folder / "n.csv", "--users", text)
    yield ("export", text, *odd)
    for command in ("add", "info", "remove", text):
        yield ("datasets", command, text)
    yield (text,)
    yield (f"--{text}",)
    yield ("search", f"--{text}=1")
    file = folder / file_name(f"{text}.csv")
    yield ("datasets", "add", "x", "--ratings", file)
    with contextlib.suppress(OSError):
        file.write_text(f'"{text.replace(chr(34), "")}",b\n1,2\n', encoding="utf-8", errors="replace")
    yield ("datasets", "add", "x", "--ratings", file)
    yield ("datasets", "add", "x", "--ratings", file, "--map", f"user={text}", "--kind", "table")
    yield ("datasets", "add", "x", "--ratings", file, "--map", f"{text}=b")
    yield ("datasets", "add", "x", "--ratings", file, "--where", text)
    yield ("datasets", "add", "x", "--ratings", file, "--kind", text)
    yield ("datasets", "add", "x", "--ratings", file, "--encoding", text)
    yield ("datasets", "add", "x", "--ratings", file, "--join", f"{file}:{text}")
    yield ("datasets", "add", "x", "--ratings", file, "--map", "user=#1,item=#2", "--kind", "table", "--dry-run")
