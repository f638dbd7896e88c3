"""A program that puts pandas off opens, searches and recommends without it, and uses it afterwards as ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.session import open_session
from engine.session.datasets import open_workspace

PROGRAM = """
import sys
from engine.session import open_session, put_off_pandas
from engine.session.datasets import open_workspace

put_off_pandas()
session = open_session(open_workspace(), "demo", device="cpu")
assert session.search.search("robots", 3, "keyword").results
assert session.users.history(session.data.dataset.users.decode_one(0))
assert "pandas" not in sys.modules

import pandas, pyarrow
assert pyarrow.array(pandas.Series([1.0, float("nan")])).null_count == 1, "pyarrow knows what a series is"
assert len(session.data.dataset.to_pandas()[0])
print("done")
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path))
    open_session(open_workspace(), "demo", device="cpu")  # stores it, which needs pandas


def test_a_data_set_is_opened_without_pandas_which_works_when_it_is_imported() -> None:
    done = run(PROGRAM)
    assert done.stdout == "done\n", done.stderr


def test_a_program_that_does_not_ask_for_it_has_pandas_as_before() -> None:
    done = run(PROGRAM.replace("put_off_pandas()\n", "").replace("not in sys.modules", "in sys.modules"))
    assert done.stdout == "done\n", done.stderr
