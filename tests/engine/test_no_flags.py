"""The engine speaks to a Python caller: no text in it names a flag or a command of the command line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import engine
from tui.commands import cli

ENGINE = Path(engine.__file__).parent


def commands(group: click.Group) -> Iterator[str]:
    for name, command in group.commands.items():
        yield name
        if isinstance(command, click.Group):
            yield from (f"{name} {one}" for one in commands(command))


NAMES = "|".join(sorted(commands(cli), key=len, reverse=True))
#: A flag such as --kind or -d, and a command such as `recsys-tui train` or `datasets add`.
FORBIDDEN = (
    re.compile(r"(?<![\w-])--[a-z][\w-]*"),
    re.compile(r"(?<![\w-])-[a-zA-Z](?![\w-])"),
    re.compile(rf"recsys-tui (?:{NAMES})\b"),
    re.compile(rf"`(?:{NAMES}) [^`]*`"),
    re.compile(r"\bpip install\b"),
)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        # A constant of a single word is an argument for another program, such as pip.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def found_in(text: str) -> list[str]:
    return [match[0] for pattern in FORBIDDEN for match in pattern.finditer(text)]


def test_no_text_of_the_engine_names_a_flag_or_a_command() -> None:
    found = [
        f"{path.relative_to(ENGINE.parent)}:{line}: {word}"
        for path in sorted(ENGINE.rglob("*.py"))
        for line, text in texts(path)
        for word in found_in(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "add --replace.",
        "name it with -d please",
        "`recsys-tui datasets add` adds one",
        "run recsys-tui train als",
        "what `datasets add x` does",
        'run pip install "recsys-tui[tune]"',
    ],
)
def test_such_texts_would_be_found(text: str) -> None:
    assert found_in(text)


@pytest.mark.parametrize("text", ["a newer recsys-tui", "from -1 to 1", "a rating of -1", "x - y", "well-known"])
def test_other_texts_are_not_found(text: str) -> None:
    assert not found_in(text)
