"""The log and the error reports: rotated, where `paths` says, and without personal data."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tests.cli.conftest import Run, process, run
from tui import error_report, log, tracebacks
from tui.error_report import reports_folder, write_report
from tui.log import configure_log, log_path

__all__ = ["process", "run"]

SECRET = "Amélie, user 4711"


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


@pytest.fixture(autouse=True)
def fresh(home: Path) -> None:
    configure_log()


def test_what_is_logged_is_where_paths_says(run: Run) -> None:
    places = json.loads(run("paths", "--json").out)
    assert not Path(places["log"]).exists()
    logging.getLogger("engine.storage.atomic").warning("a left-over was removed")
    assert "WARNING" in Path(places["log"]).read_text()
    assert "engine.storage.atomic: a left-over was removed" in Path(places["log"]).read_text()
    path = write_report(raised(ValueError("x")), "the tab user")
    assert path is not None
    assert str(path.parent) == places["reports"]


def test_the_help_names_the_log(run: Run) -> None:
    assert str(log_path()) in run("--help").out


def test_the_level_is_an_option_and_a_setting(run: Run, home: Path) -> None:
    logger = logging.getLogger("tui.any")
    logger.info("one")
    logger.debug("none")
    assert run("paths", "--log-level", "debug").status == 0
    logger.debug("two")
    assert run("--log-level", "error", "paths").status == 0
    logger.warning("none")
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text('log-level = "warning"\n')
    assert run("paths").status == 0
    logger.info("none")
    logger.warning("three")
    said = [line.rsplit(" ", 1)[1] for line in log_path().read_text().splitlines()]
    assert said == ["one", "two", "three"]


def test_a_level_that_is_none_is_said(run: Run, home: Path) -> None:
    assert run("paths", "--log-level", "loud").status == 2
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text('log-level = "loud"\n')
    outcome = run("paths")
    assert outcome.status == 0
    assert "log-level must be one of debug, info, warning, error" in outcome.err
    assert outcome.err.count("\n") == 1


def test_the_log_is_rotated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_MOST_BYTES", 2000)
    configure_log()
    for number in range(200):
        logging.getLogger("tui.any").info("entry %d", number)
    files = sorted(path.name for path in log_path().parent.iterdir())
    assert files == ["recsys-tui.log", "recsys-tui.log.1", "recsys-tui.log.2", "recsys-tui.log.3"]
    assert all(path.stat().st_size <= 2000 for path in log_path().parent.iterdir())
    assert log_path().read_text().endswith("entry 199\n")


def test_a_log_that_cannot_be_written_is_no_error(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (home / "state").write_text("in the way")
    logging.getLogger("tui.any").error("lost")
    assert write_report(raised(ValueError("x")), "the app") is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "error",
    [
        KeyError(SECRET),
        ValueError(f"could not convert {SECRET}"),
        FileNotFoundError(2, "No such file", f"/home/somebody/{SECRET}.csv"),
        UnicodeDecodeError("utf-8", SECRET.encode(), 3, 4, SECRET),
        ExceptionGroup(SECRET, [ValueError(SECRET)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_neither_log_nor_report_holds_what_an_error_says(error: Exception) -> None:
    cause = raised(LookupError(SECRET))
    error.__cause__ = cause
    raised(error)
    logging.getLogger("tui.any").error("it failed", exc_info=error)
    path = write_report(error, "the tab user")
    assert path is not None
    for text in (log_path().read_text(encoding="utf-8"), path.read_text(encoding="utf-8")):
        assert type(error).__name__ in text
        assert "test_log.py:" in text
        assert "Amélie" not in text
        assert "4711" not in text
        assert "somebody" not in text
    assert "python:" in path.read_text()


def test_facts_that_are_no_data_are_kept() -> None:
    def named(error: BaseException) -> str:
        return tracebacks.name_of(error)

    with pytest.raises(AttributeError) as wrong:
        Path().nothing  # type: ignore[attr-defined]  # noqa: B018
    assert named(wrong.value) == "AttributeError (no attribute nothing on PosixPath)"
    assert named(OSError(28, "x", "secret.csv")) == "OSError (No space left on device)"
    assert named(ModuleNotFoundError("x", name="optuna")) == "ModuleNotFoundError (optuna)"
    assert named(ValueError("secret")) == "ValueError"


def test_a_deep_recursion_makes_a_short_report() -> None:
    def dive() -> None:
        dive()

    with pytest.raises(RecursionError) as deep:
        dive()
    path = write_report(deep.value, "the app")
    assert path is not None
    assert path.stat().st_size < 20_000


def test_reports_are_rotated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error_report, "_MOST_REPORTS", 3)
    paths = [write_report(raised(ValueError()), f"the tab {number}") for number in range(6)]
    assert sorted(reports_folder().iterdir()) == sorted(path for path in paths[3:] if path)


def test_a_command_that_meets_an_unexpected_error_writes_a_report(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("here")

    monkeypatch.setattr("engine.session.datasets.open_workspace", broken)
    outcome = run("datasets", "list")
    assert outcome.status == 1
    assert outcome.err.startswith("Unexpected error: ZeroDivisionError: here (--debug shows where). A report")
    (report,) = reports_folder().iterdir()
    assert str(report) in outcome.err
    assert "ZeroDivisionError" in report.read_text()
    with pytest.raises(ZeroDivisionError):
        run("datasets", "list", "--debug")
