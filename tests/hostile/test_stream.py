"""The reader of streams itself: it lets pass what the app and the commands write, and finds everything else."""

from __future__ import annotations

import base64

import pytest

from tests.hostile.stream import APP, COMMANDS, Grammar, violations
from tests.hostile.texts import CONTROLS, DECEPTIONS, SEQUENCES, hostile_texts


def copied(text: str) -> bytes:
    return b"\x1b]52;c;" + base64.b64encode(text.encode()) + b"\x07"


@pytest.mark.parametrize(
    ("stream", "grammar"),
    [
        (b"\x1b[?1049h\x1b[?25l\x1b[?2026$p\x1b[>25u\x1b[3;7H", APP),
        (b"\x1b[1;38;2;1;2;3;48;2;9;8;7mHeat\x1b[0m\r\n", APP),
        ("千と千尋 👨‍👩‍👧 é ─\u3000".encode(), APP),
        (copied("Heat (1995)"), APP),
        (b"\x1b]22;pointer\x07", APP),
        (b"\r\x1b[2K\x1b[1A\x1b[?25lreading \x1b[38;5;237m", COMMANDS),
        (b"\x1b[1;35m 10%\x1b[0m", COMMANDS),
    ],
)
def test_known_sequences_and_text_pass(stream: bytes, grammar: Grammar) -> None:
    assert not violations(stream, grammar)


@pytest.mark.parametrize("grammar", [APP, COMMANDS], ids=["app", "commands"])
@pytest.mark.parametrize("text", [*SEQUENCES, *DECEPTIONS, *sorted({*CONTROLS} - {"\n", "\r", "\r\n"})], ids=ascii)
def test_what_a_terminal_would_obey_is_found(text: str, grammar: Grammar) -> None:
    assert violations(f"before {text} after".encode(), grammar)


def test_a_clipboard_that_would_act_when_it_is_pasted_is_found() -> None:
    assert violations(copied("Heat\x1b[2J"), APP)


def test_the_texts_are_the_same_for_the_same_seed() -> None:
    assert list(hostile_texts(50, 3)) == list(hostile_texts(50, 3)) != list(hostile_texts(50, 4))
