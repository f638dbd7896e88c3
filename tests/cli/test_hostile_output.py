"""What the command line prints is text, also in JSON and in errors about wrong usage; one module prints it."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tui
from engine.errors import DataError, ErrorKind
from tests.cli.conftest import Run
from tests.hostile.texts import DECEPTIONS, SEQUENCES
from tui.sanitize import escape_json, is_obeyed, sanitize
from tui.wording import describe

HOSTILE = st.lists(st.text(st.characters(exclude_categories=[])) | st.sampled_from(SEQUENCES + DECEPTIONS)).map("".join)


@given(HOSTILE)
def test_json_is_escaped_and_says_the_same(text: str) -> None:
    written = escape_json(json.dumps([text, {text: 1}], ensure_ascii=False))
    assert json.loads(written) == [text, {text: 1}]
    assert not any(map(is_obeyed, written))


@given(HOSTILE)
def test_sanitized_text_has_nothing_to_obey_and_stays_as_it_is(text: str) -> None:
    clean = sanitize(text)
    assert not any(map(is_obeyed, clean))
    assert sanitize(clean) == clean
    clean.encode()


def test_piles_of_marks_are_cut_in_every_script() -> None:
    assert sanitize("a" + "\u0300" * 50) == "a\u0300\u0300"
    assert sanitize("\u0e01" + "\u0e47" * 50) == "\u0e01" + "\u0e47" * 4
    for text in ("น้ำ", "בְּרֵאשִׁית", "مُحَمَّد", "नमस्ते", "Ḗ"):
        assert sanitize(text) == text


@pytest.mark.parametrize("words", [("search", "--\x1b[2J"), ("\x1b[2J",), ("search", "x", "--mode", "\u202e\x9b2J")])
def test_wrong_usage_repeats_what_was_typed_as_text(run: Run, words: tuple[str, ...]) -> None:
    outcome = run(*words)
    assert outcome.status == 2
    assert "2J" in outcome.err
    assert "Usage: recsys-tui" in outcome.err
    assert not any(map(is_obeyed, outcome.err.replace("\n", "")))


def test_a_wrong_word_of_any_length_is_cut(run: Run) -> None:
    assert max(map(len, run("x" * 100_000).err.splitlines())) < 500


def test_a_column_that_cannot_be_typed_is_named_by_its_position() -> None:
    error = DataError(
        "x.csv: no column is known as the user.",
        kind=ErrorKind.MISSING_COLUMN,
        name="table",
        column="user",
        choices=("a\x1b[2Jb", "it's", "c"),
    )
    assert """--map, such as 'user=#1,item=it'"'"'s'""" in describe(error)


def test_only_the_functions_that_sanitize_print() -> None:
    for file in Path(tui.__file__).parent.rglob("*.py"):
        printing = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if _prints(node)]
        assert len(printing) <= {"output.py": 3, "cli.py": 1}.get(file.name, 0), f"{file} prints past tui.output"


def _prints(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in (
        "print",
        "click.echo",
        "click.secho",
        "sys.stdout.write",
    )
