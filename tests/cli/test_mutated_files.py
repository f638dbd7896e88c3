"""Whatever happened to a file, it is read or refused in one short sentence: never a traceback, never half a screen.

``benchmarks/reliability/mutated_files.py`` does the same for thousands of files, and sees time and memory too.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.datasets.mutations import mutated, originals, sentence_for

_AT_A_TIME = 20


@pytest.mark.parametrize("first", range(0, 300, _AT_A_TIME))
def test_spoilt_files_are_read_or_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    for seed in range(first, first + _AT_A_TIME):
        folder = tmp_path / str(seed)
        folder.mkdir()
        given = mutated(seed)
        given.write(folder)
        monkeypatch.chdir(folder)
        sentence_for(["datasets", "add", "x", *given.words, "--dry-run"])


def test_what_is_spoilt_could_be_read_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, given in enumerate(originals()):
        folder = tmp_path / str(number)
        folder.mkdir()
        given.write(folder)
        monkeypatch.chdir(folder)
        assert sentence_for(["datasets", "add", "x", *given.words, "--dry-run"]) == "", given.title
