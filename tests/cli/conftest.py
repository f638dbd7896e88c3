"""Running the command line, in this process where that is enough and as a process of its own where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui.cli import main


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process: quick, and with the same exit statuses."""

    def call(*words: object) -> Outcome:
        status = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call


@pytest.fixture
def process(home: Path) -> Run:
    """The command line as a process, in the same home."""

    def call(*words: object, stdin: str = "") -> Outcome:
        command = [sys.executable, "-m", "tui.cli", *(str(word) for word in words)]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=os.environ, check=False)
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call


RATINGS = """user,item,rating,timestamp
ann,alien,5,100
ann,solaris,4.5,200
ann,heat,2,300
bob,heat,4,100
bob,alien,3,150
cyd,solaris,5,50
cyd,alien,4,60
dan,stalker,5,10
dan,solaris,4,20
"""
ITEMS = """id,title,year,genres,text
alien,Alien,1979,"Horror, Science Fiction",a crew and a monster in space
heat,Heat,1995,Crime,a thief and a detective
solaris,Solaris,1972,Science Fiction,a planet that remembers
stalker,Stalker,1979,Science Fiction,a guide leads two men into the zone
primer,Primer,2004,Science Fiction,two engineers and a time machine
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A small table: ratings and items."""
    ratings, items = tmp_path / "ratings.csv", tmp_path / "items.csv"
    ratings.write_text(RATINGS)
    items.write_text(ITEMS)
    return ratings, items


@pytest.fixture
def films(run: Run, files: tuple[Path, Path]) -> str:
    """The small table, added as `films`."""
    ratings, items = files
    outcome = run("datasets", "add", "films", "--kind", "table", "--ratings", ratings, "--items", items)
    assert outcome.status == 0, outcome.err
    return "films"
