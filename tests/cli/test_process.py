"""What only a process can show: what is imported, what goes to which stream, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import RATINGS, Run


def imported(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_version_needs_neither_textual_nor_anything_heavy() -> None:
    loaded = imported("from tui.cli import main; main(['--version'])")
    assert "click" in loaded
    assert not loaded & {"textual", "rich", "torch", "pandas", "numpy", "pyarrow", "sentence_transformers"}


def test_the_app_starts_without_the_command_line_library() -> None:
    loaded = imported("import tui.launch; tui.launch.launch = print; from tui.cli import main; main(['-d', 'demo'])")
    assert "click" not in loaded


def test_the_app_is_built_without_anything_heavy() -> None:
    loaded = imported("import tui.app, tui.launch")
    assert not loaded & {"torch", "pandas", "pyarrow", "sentence_transformers", "transformers", "scipy", "numpy"}


def test_an_unknown_data_set_is_said_before_the_screen_is_taken(process: Run) -> None:
    for words in (("-d", "nowhere"), ("-d", "../x")):
        outcome = process(*words)
        assert outcome.status == 1
        assert outcome.err.count("\n") == 1
        assert outcome.out == ""


def test_json_is_alone_on_stdout(process: Run, tmp_path_factory: object) -> None:
    outcome = process("datasets", "add", "demo", "--json")
    assert outcome.status == 0, outcome.err
    assert json.loads(outcome.out)["num_items"] >= 400
    outcome = process("search", "a heist", "--mode", "keyword", "-k", "3", "--json")
    assert len(json.loads(outcome.out)) == 3


def test_queries_come_from_standard_input_and_answers_keep_their_order(process: Run) -> None:
    outcome = process("search", "--queries", "-", "--mode", "keyword", "-k", "1", "--json", stdin="Alien\nSolaris\n")
    assert outcome.status == 0, outcome.err
    titles = [json.loads(line)[0]["title"] for line in outcome.out.splitlines()]
    assert titles == ["Alien", "Solaris"]


def test_a_closed_pipe_is_no_error(home: object) -> None:
    command = f"{sys.executable} -m tui.cli models list | true"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=os.environ, check=False)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_an_interrupt_ends_with_130(tmp_path: object, home: object) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tui.cli", "search", "--queries", "-", "--mode", "keyword"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("Alien\n")
    process.stdin.flush()
    process.stdout.readline()  # it is at work, and now waits for the next line
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_a_file_that_cannot_be_written_is_said(process: Run, home: object, tmp_path_factory: object) -> None:
    from pathlib import Path

    assert isinstance(home, Path)
    (home / "ratings.csv").write_text(RATINGS)
    (home / "data").write_text("in the way")
    outcome = process("datasets", "add", "films", "--ratings", home / "ratings.csv")
    assert outcome.status == 1
    assert "cannot be written" in outcome.err
    assert "Traceback" not in outcome.err


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", "-c", line.replace("recsys-tui", f"{sys.executable} -m tui.cli")]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)


def test_closed_and_full_outputs_are_no_surprise(home: object) -> None:
    assert shell("recsys-tui paths >&-").returncode == 0
    done = shell("recsys-tui datasets info nowhere 2>&-")
    assert (done.returncode, done.stdout) == (1, "")
    if os.path.exists("/dev/full"):
        done = shell("recsys-tui paths > /dev/full")
        assert done.returncode == 1
        assert done.stderr == "The output: cannot be read or written (no space left on device).\n"


def test_a_terminal_of_another_encoding_shows_what_it_can(process: Run, home: object) -> None:
    assert process("datasets", "add", "demo").status == 0
    line = "recsys-tui search amelie -d demo --mode keyword -k 1"
    assert "Am?lie" in shell(line, PYTHONIOENCODING="ascii").stdout
    assert json.loads(shell(f"{line} --json", PYTHONIOENCODING="ascii").stdout)[0]["title"] == "Amélie"


def test_a_file_whose_name_is_no_text_is_read(process: Run, home: object, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.csv"
    try:
        with open(path, "w") as file:
            file.write("user,item\n1,2\n")
    except OSError:
        pytest.skip("this file system has only names that are text")
    outcome = process("datasets", "add", "coffee", "--ratings", os.fsdecode(path), "--json")
    assert outcome.status == 0, outcome.err
    assert json.loads(outcome.out)["source"]["files"][0]["name"] == "caf?.csv"
