"""Whatever happens at whatever step of an operation: the old version is there afterwards or the new one, whole."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.errors import RecsysError
from engine.models import registry
from engine.session.datasets import clear_leftovers
from tests.faults.disk import Disk, Fault, Image, Recorder, image_of
from tests.faults.operations import (
    CONSTANT,
    OPERATIONS,
    Operation,
    build,
    go_on,
    new_home_in,
    open_again,
    stored_files,
    workspace_in,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks up the paths of open files in /proc"),
]
pytest.importorskip("optuna", reason="the extra [tune] is not installed")

#: After so many steps it is also tried whether a person can go on, which takes longer than all else.
GO_ON_EVERY = 25
#: Fault -> the first step at which it is tried. The three errors take turns: what follows differs little between them.
FAULTS = {"interrupt": 0, "EIO": 0, "ENOSPC": 1, "EROFS": 0}
#: With the profile that looks for new examples each error is tried at every step.
EVERY = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "explore" else 2


#: What differs between two runs that do the same: times, how long something took, the names of workers, and the
#: checksums over these. The names of versions and models differ, too, but that they are the same in two files counts.
_PASSING = re.compile(
    rb'"(?:fit|total|seconds|elapsed)": ?[\d.e-]+'
    rb"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?"
    rb'|"checksum": "[0-9a-f]+"'
    rb"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d+"
)
_NAME = re.compile(rb"v-[0-9a-f]{12}|\b[0-9a-f]{32}\b")

_seen: dict[Any, dict[str, Any]] = {}


def alike(image: Image) -> frozenset[tuple[bytes, bytes | None]]:
    """The key of an image, equal for images that differ in passing things only, so that one of them is opened."""
    names: dict[bytes, bytes] = {}

    def number(found: re.Match[bytes]) -> bytes:
        return names.setdefault(found[0], b"name-%d" % len(names))

    key = []
    for path, content in sorted(image.files.items(), key=lambda one: _NAME.sub(b"", one[0].encode())):
        steady = None if content is None else _PASSING.sub(b"", content)
        if steady is not None and path.endswith(".json"):
            steady = _NAME.sub(number, steady)
        key.append((_NAME.sub(number, path.encode()), steady))
    return frozenset(key)


def look_again(home: Path) -> dict[str, Any]:
    """What the next start finds; the same files are opened once."""
    for one in (home, new_home_in(home)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RECSYS_TUI_HOME", str(one))
            clear_leftovers(workspace_in(one))
    key = alike(image_of(home))
    if key not in _seen:
        _seen[key] = open_again(home)
    return _seen[key]


class Found:
    """What is found in a home folder before and after an operation that nothing disturbs."""

    def __init__(self, operation: Operation, home: Path, before: Image) -> None:
        self.operation = operation
        self.old, self.old_files = self._look(home, before)
        before.restore(home)
        self.recorder = Recorder(home)
        self.recorder.record(lambda: operation.run(home))
        self.new, self.new_files = self._look(home, image_of(home))

    @staticmethod
    def _look(home: Path, image: Image) -> tuple[dict[str, Any], set[str]]:
        image.restore(home)
        return look_again(home), stored_files(home)

    def check(self, home: Path, *, allowed: tuple[str, ...] = ("old", "new")) -> None:
        """Check what the next start finds in the home folder."""
        found, files = look_again(home), stored_files(home)
        if self.operation.steps_between:
            assert self._is_between(found), f"{found} is not between {self.old} and {self.new}"
            assert self.old_files & self.new_files <= files <= self.old_files | self.new_files
            assert allowed != ("new",) or found == self.new
            return
        if self.operation.cleared_by_repeating:
            assert found in (self.old, self.new)
            self.operation.run(home)
            found, files, allowed = look_again(home), stored_files(home), ("new",)
        versions = [getattr(self, name) for name in allowed]
        assert found in versions, f"{found} is none of {versions}"
        assert files == (self.new_files if found == self.new != self.old else self.old_files) or (
            self.operation.optional and files in (self.old_files, self.new_files)
        )

    def _is_between(self, found: dict[str, Any]) -> bool:
        for name in {**self.old, **self.new, **found}:
            old, new, value = self.old.get(name), self.new.get(name), found.get(name)
            counts = isinstance(value, int) and isinstance(new, int)
            if value not in (old, new) and not (counts and (old or 0) <= value <= new):
                return False
        return True


@pytest.fixture(scope="module", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """What is synced is simulated, so the real disk need not be waited for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("faults") / "home"
    with pytest.MonkeyPatch.context() as patch:
        specs = {**registry.describe(), CONSTANT.name: CONSTANT}
        patch.setattr(registry, "describe", lambda: specs)
        patch.setenv("RECSYS_TUI_HOME", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def same_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(home))


@pytest.fixture(scope="module")
def before(home: Path) -> Image:
    build(home)
    return image_of(home)


@pytest.fixture(scope="module", params=OPERATIONS)
def found(request: pytest.FixtureRequest, home: Path, before: Image) -> Found:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECSYS_TUI_HOME", str(home))
        return Found(OPERATIONS[request.param], home, before)


def test_a_kill_before_any_step_leaves_a_whole_version(found: Found, home: Path) -> None:
    _check_images(found, home, found.recorder.killed)


def test_a_power_failure_before_any_step_leaves_a_whole_version(found: Found, home: Path) -> None:
    _check_images(found, home, found.recorder.powerless)


def test_what_was_reported_as_done_outlives_a_power_failure(found: Found, home: Path) -> None:
    for image in found.recorder.after:
        image.restore(home)
        found.check(home, allowed=("new",))
    go_on(home)


@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_at_any_step_leaves_a_whole_version(found: Found, home: Path, before: Image, fault: str) -> None:
    step = 1 if fault == "interrupt" else EVERY
    number = FAULTS[fault] if step > 1 else 0
    while True:
        before.restore(home)
        injected = Fault(number, fault)
        outcome = _outcome(found.operation.run, home, injected)
        if injected.happened is None:
            assert outcome is None
            return
        try:
            _check_outcome(found, outcome)
            found.check(home, allowed=_allowed(found, outcome))
            if number % GO_ON_EVERY >= GO_ON_EVERY - step:
                go_on(home)
        except BaseException as error:
            error.add_note(f"{fault} at step {number}, {injected.happened}; it ended with {outcome!r}")
            raise
        number += step


def _outcome(run: Callable[[Path], object], home: Path, fault: Fault) -> BaseException | None:
    with Disk(home, fault):
        try:
            run(home)
        except BaseException as error:
            return error
    return None


def _check_outcome(found: Found, outcome: BaseException | None) -> None:
    """A failure is one sentence; an interrupt is nothing but an interrupt."""
    if outcome is None or isinstance(outcome, KeyboardInterrupt):
        return
    assert isinstance(outcome, RecsysError), repr(outcome)
    sentence = str(outcome)
    assert len(sentence) <= 400
    assert sentence.endswith(".")
    assert "\n" not in sentence


def _allowed(found: Found, outcome: BaseException | None) -> tuple[str, ...]:
    """What was done is there, and what was reported as failed has changed nothing."""
    if found.operation.optional or isinstance(outcome, KeyboardInterrupt):
        return "old", "new"
    return ("new",) if outcome is None else ("old",)


def _check_images(found: Found, home: Path, images: Mapping[Any, tuple[Image, object]]) -> None:
    for number, (image, step) in enumerate(images.values()):
        image.restore(home)
        try:
            found.check(home)
            if number % GO_ON_EVERY == GO_ON_EVERY - 1:
                go_on(home)
        except BaseException as error:
            error.add_note(f"before {step}")
            raise


def test_every_operation_that_stores_something_has_steps(found: Found) -> None:
    kinds = {step.kind for step in found.recorder.steps}
    if found.new != found.old:
        assert {"open", "fsync"} <= kinds


@pytest.fixture(scope="module", autouse=True)
def emptied(home: Path) -> Iterator[None]:
    yield
    shutil.rmtree(home, ignore_errors=True)
