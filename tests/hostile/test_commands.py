"""The commands with hostile arguments and data: what they print is text that a terminal shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.commands import commands, prepare, run
from tests.hostile.stream import COMMANDS, violations
from tests.hostile.texts import hostile_texts


@pytest.mark.slow
def test_no_command_prints_what_a_terminal_would_obey(tmp_path: Path) -> None:
    texts = list(hostile_texts(40, seed=2))
    for status, written in prepare(texts, tmp_path):
        assert status == 0, written
        assert not violations(written, COMMANDS)
    for text in texts[:10]:
        for words in commands(text, tmp_path):
            _, written = run(*words)
            assert not violations(written, COMMANDS), words
            assert b"Unexpected error" not in written, words
