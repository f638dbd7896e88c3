"""Spoiling one stored file of a home, and what must hold afterwards; shared by a test and a benchmark.

A seed chooses the file and what is done to it. :func:`trial` then asks everything that a person could ask. An answer
must be the one that the undamaged home gives, or a refusal in one sentence; only what depends on the spoilt file may
be refused, and only what has no checksum may answer otherwise.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.data.results import Answer
from engine.errors import RecsysError
from engine.search.history import SearchHistory
from engine.session import Session, open_session
from engine.storage.paths import Paths
from engine.storage.settings import read_settings
from engine.workspace.check import Condition, check
from engine.workspace.dataset_store import Workspace
from tui.remembered import read_theme

STORED = Path(__file__).parent / "stored" / "home"
#: The models that the home keeps: as version 0.1.0 stored them, and as they are stored now.
OLD_MODELS, NEW_MODELS = ("als", "markov"), ("knn", "popular")
SET, OTHER = "tales", "fables"
_LONGEST_SENTENCE = 400


class WrongOutcomeError(AssertionError):
    """What must not happen after a file was damaged."""


def make_home(home: Path) -> None:
    """Store a small home with each kind of file: two data sets, models of two versions, vectors, caches and state."""
    shutil.copytree(STORED, home)
    workspace = Workspace(home / "data")
    for model in workspace.dataset_folder(SET).joinpath("models").iterdir():
        if model.name not in OLD_MODELS:
            shutil.rmtree(model)
    dataset = workspace.open(SET)
    workspace.add(dataset, replace=True)  # with the manifest of this version
    workspace.add(replace(dataset, name=OTHER))
    session = open_session(workspace, SET, device="cpu")
    for model in NEW_MODELS:
        session.models.train(model)
    Session(workspace, OTHER, device="cpu").models.train("popular")
    session.search.search("lamp", 3, "keyword")
    SearchHistory(home / "state", SET).remember("a lamp at sea")


def files_of(home: Path) -> list[Path]:
    """The stored files, relative to the home: all but lock files, which hold nothing."""
    found = (path for path in home.rglob("*") if path.is_file() and path.name != ".lock" and path.suffix != ".lock")
    return sorted(path.relative_to(home) for path in found)


# -- what is done to a file -----------------------------------------------------------------------------------------
def _truncate(path: Path, chance: random.Random, others: list[Path]) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))] if content else b"")


def _flip(path: Path, chance: random.Random, others: list[Path]) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 1, 1, 8, 64))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def _zero(path: Path, chance: random.Random, others: list[Path]) -> None:
    content = bytearray(path.read_bytes())
    start = chance.randrange(len(content))
    end = chance.randrange(start, len(content)) + 1
    content[start:end] = bytes(end - start)
    path.write_bytes(content)


def _swap(path: Path, chance: random.Random, others: list[Path]) -> None:
    same_kind = [other for other in others if other.suffix == path.suffix and other.read_bytes() != path.read_bytes()]
    shutil.copyfile(chance.choice(same_kind or others), path)


def _empty(path: Path, chance: random.Random, others: list[Path]) -> None:
    path.write_bytes(b"")


def _become_folder(path: Path, chance: random.Random, others: list[Path]) -> None:
    path.unlink()
    path.mkdir()


def _become_pipe(path: Path, chance: random.Random, others: list[Path]) -> None:
    path.unlink()
    os.mkfifo(path)


def _vanish(path: Path, chance: random.Random, others: list[Path]) -> None:
    path.unlink()


def _forbid(path: Path, chance: random.Random, others: list[Path]) -> None:
    path.chmod(0)


def _nest(path: Path, chance: random.Random, others: list[Path]) -> None:
    depth = chance.choice((40, 900, 100_000))
    path.write_bytes(chance.choice((b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth)))


_WRONG = (None, True, -1, 10**30, 1e308, "", "../../..", "\ud800", [], {}, [[]], {"a": 1}, "x" * 1000, float("nan"))


def _retype(path: Path, chance: random.Random, others: list[Path]) -> None:
    """Put a value of another type anywhere into a JSON file; another file is truncated."""
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        return _truncate(path, chance, others)
    places: list[tuple[Any, Any]] = []
    rest = [content]
    while rest:
        one = rest.pop()
        for key, value in list(one.items() if isinstance(one, dict) else enumerate(one)):
            places.append((one, key))
            if isinstance(value, dict | list):
                rest.append(value)
    place, key = chance.choice(places)
    place[key] = chance.choice(_WRONG)
    path.write_text(json.dumps(content), encoding="utf-8")
    return None


DAMAGES: tuple[Callable[[Path, random.Random, list[Path]], None], ...] = (
    _truncate,
    _flip,
    _flip,
    _zero,
    _swap,
    _retype,
    _retype,
    _nest,
    _empty,
    _vanish,
    _become_folder,
    *((_become_pipe,) if hasattr(os, "mkfifo") else ()),
    *((_forbid,) if os.name == "posix" and os.geteuid() else ()),
)


def spoil(home: Path, seed: int) -> tuple[Path, str]:
    """Spoil one file of a home; returns the file, relative to the home, and what was done to it."""
    chance = random.Random(seed)
    files = files_of(home)
    file = files[seed % len(files)]  # every file has its turn
    damage = chance.choice(DAMAGES)
    damage(home / file, chance, [home / one for one in files if one != file])
    return file, damage.__name__.strip("_")


# -- what is asked --------------------------------------------------------------------------------------------------
def _rows(answer: Answer) -> list[tuple[Any, float]]:
    return [(result.item.item_id, round(result.score, 4)) for result in answer.results]


def ask(home: Path) -> dict[str, Any]:
    """Everything that is asked of a home: question -> answer, or the error that refused it."""
    workspace = Workspace(home / "data")
    answers: dict[str, Any] = {}

    def note(question: str, answer: Callable[[], Any]) -> Any:
        try:
            answers[question] = answer()
        except RecsysError as error:
            answers[question] = error
        return answers[question]

    note("settings", lambda: read_settings(home / "config").embedding_model)
    note("theme", lambda: read_theme(home / "state"))
    note("history", lambda: SearchHistory(home / "state", SET).list())
    note("current", workspace.current)
    for name in (SET, OTHER):
        for question, answer in _questions(Session(workspace, name, device="cpu")).items():
            note(f"{name}: {question}", answer)
    return answers


def _questions(session: Session) -> dict[str, Callable[[], Any]]:
    def recommend(model: str | None = None) -> list[tuple[Any, float]]:
        return _rows(session.users.recommend(3, 4, model))

    def search(query: str, mode: str, **options: Any) -> list[tuple[Any, float]]:
        return _rows(session.search.search(query, 4, mode, **options))

    questions: dict[str, Callable[[], Any]] = {
        "overview": session.data.overview,
        "states": lambda: _states(session),
        "popular": partial(recommend, "popular"),
        "best": recommend,
        "words": partial(search, "the lamp", "keyword"),
    }
    if session.name == SET:
        questions |= {
            **{model: partial(recommend, model) for model in ("knn", "als")},
            "next": lambda: _rows(session.sequences.next_items([1, 2], 4)),
            "embedded": lambda: session.search.embedding_state().done,
            "alike": partial(search, "", "hybrid", like="salt", like_by="meaning"),
        }
    return questions


def _states(session: Session) -> dict[str, bool]:
    return {state.name: state.trained for state in session.models.states() if state.trained or state.damage}


def may_differ(file: Path) -> tuple[set[str], bool]:
    """The questions whose answers depend on a file, and whether it has no checksum by which damage is always found."""
    parts = file.parts
    match parts:
        case ("config", *_):
            # Another embedding model has other vectors.
            return {"settings", f"{SET}: embedded", f"{SET}: alike"}, True
        case ("state", "look.json"):
            return {"theme"}, True
        case ("state", *_):
            return {"history"}, True
        case ("data", "current.json"):
            return {"current"}, True
        case ("data", "datasets", name, "models", model, *_):
            return {f"{name}: {one}" for one in (model, "states", "best", "next")}, False
        case ("data", "datasets", name, "embeddings", *_):
            return {f"{name}: embedded", f"{name}: alike"}, True
        case ("data", "datasets", _, "words.npz" | "tuning" | "runs", *_) | ("cache", *_):
            return set(), False
        case ("data", "datasets", name, *_):
            questions = (*NEW_MODELS, *OLD_MODELS, "overview", "states", "best", "words", "next", "embedded", "alike")
            return {f"{name}: {one}" for one in questions} | {"current"}, False
    return set(), False


def trial(template: Path, expected: Mapping[str, Any], home: Path, seed: int) -> str:
    """Copy a home, spoil a file, check it, ask everything, repair it, and check it again.

    Returns
    -------
    str
        What was spoilt, and what became of it.

    Raises
    ------
    WrongOutcomeError
        If something else than the spoilt file's own answers was affected, or damage was not found.
    """
    shutil.copytree(template, home)
    file, damage = spoil(home, seed)
    what = f"{file}: {damage}"
    workspace = Workspace(home / "data")
    paths = Paths(home / "config", home / "data", home / "cache", home / "state")
    before = {one: (home / one).stat().st_mtime_ns for one in files_of(home)}
    found = list(check(workspace, paths))
    if before != {one: (home / one).stat().st_mtime_ns for one in files_of(home)}:
        raise WrongOutcomeError(f"{what}: the check changed something")
    affected, unchecked = may_differ(file)
    named = [one for one in found if one.is_bad]
    changed = not (home / file).is_file() or (home / file).read_bytes() != (template / file).read_bytes()
    if changed and file.suffix in (".parquet", ".safetensors") and not named:
        raise WrongOutcomeError(f"{what}: the check named nothing")
    for one in named:
        _require_sentence(what, one.detail)
    for question, answer in ask(home).items():
        wanted = expected[question]
        if isinstance(answer, RecsysError):
            _require_sentence(what, str(answer))
        if answer == wanted or (question in affected and isinstance(answer, RecsysError)):
            continue
        if question not in affected:
            raise WrongOutcomeError(f"{what}: {question} gave {answer!r} instead of {wanted!r}")
        # Where a model is damaged the next one answers; where the set is, the one used last is forgotten.
        replaced = question.rpartition(": ")[2] in ("best", "states", "current", "next")
        if not (unchecked or replaced or _is_nothing(answer)):
            raise WrongOutcomeError(f"{what}: {question} gave {answer!r} instead of {wanted!r}")
    repaired = list(check(workspace, paths, repair=True))
    again = [one for one in check(workspace, paths) if one.condition is Condition.DAMAGED and one.kind != "settings"]
    if again:
        raise WrongOutcomeError(f"{what}: {again[0].kind} {again[0].name} is damaged after the repair")
    told = named or [one for one in repaired if one.repair]
    return f"{what}: {told[0].kind + ' named' if told else 'no harm' if changed else 'unchanged'}"


def _is_nothing(answer: Any) -> bool:
    return answer in (None, [], 0)


def _require_sentence(what: str, sentence: str) -> None:
    if not sentence or len(sentence) > _LONGEST_SENTENCE or "\n" in sentence or "Traceback" in sentence:
        raise WrongOutcomeError(f"{what}: this is no sentence for a person: {sentence!r}")
