"""Whatever a stored file holds, reading it gives a value of the declared type or one sentence."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import DamagedError, DataError, MissingError
from engine.storage.guarded import MAX_TEXT_BYTES, read_json, require_checksum, with_checksum
from engine.storage.schema import MAX_DEPTH, SchemaError, convert


@dataclass(frozen=True)
class Wing:
    length: float
    feathers: int


@dataclass(frozen=True)
class Bird:
    name: str
    wings: tuple[Wing, ...]
    sings: bool
    range: tuple[float, float] | None
    kind: Literal["lark", "owl"] = "owl"
    notes: Mapping[str, int] = field(default_factory=dict)
    rest: Any = None


LARK = {
    "name": "lark",
    "wings": [{"length": 1, "feathers": 12}],
    "sings": True,
    "range": [0.5, 2],
    "kind": "lark",
    "notes": {"trill": 3},
    "of_a_later_version": 1,
}


def test_a_value_becomes_what_the_dataclass_declares() -> None:
    assert convert(LARK, Bird) == Bird("lark", (Wing(1.0, 12),), True, (0.5, 2.0), "lark", {"trill": 3})
    assert convert({**LARK, "range": None}, Bird).range is None
    assert convert({**LARK, "range": [0, 10**30]}, Bird).range == (0.0, 1e30)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": 3}, "name is a whole number instead of text"),
        ({"name": None}, "name is null instead of text"),
        ({"sings": 1}, "sings is a whole number instead of true or false"),
        ({"wings": {}}, "wings is an object instead of a list"),
        ({"wings": [{"length": 1}]}, r"wings\[0\].feathers is missing"),
        ({"wings": [{"length": 1, "feathers": True}]}, r"wings\[0\].feathers is true or false instead of a whole"),
        ({"wings": [{"length": float("nan"), "feathers": 1}]}, r"wings\[0\].length is not a finite number"),
        ({"wings": [{"length": 10**400, "feathers": 1}]}, r"wings\[0\].length is not a finite number"),
        ({"wings": [{"length": 1, "feathers": 10**30}]}, r"wings\[0\].feathers is too large a number"),
        ({"range": [1]}, "range has 1 entries instead of 2"),
        ({"range": "12"}, "range is text instead of a list"),
        ({"kind": "emu"}, "kind is text instead of 'lark' or 'owl'"),
        ({"notes": {"trill": "3"}}, "notes.trill is text instead of a whole number"),
    ],
)
def test_the_place_of_a_wrong_value_is_named(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SchemaError, match=sentence):
        convert({**LARK, **change}, Bird)


def test_a_missing_value_is_named() -> None:
    with pytest.raises(SchemaError, match="sings is missing"):
        convert({name: value for name, value in LARK.items() if name != "sings"}, Bird)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(LARK)) | st.text(), inner),
    max_leaves=20,
)


@given(changes=st.dictionaries(st.sampled_from([*LARK, "rest"]), PLAIN))
def test_any_plain_value_is_converted_or_refused(changes: dict[str, Any]) -> None:
    try:
        bird = convert({**LARK, **changes}, Bird)
    except SchemaError:
        return
    assert isinstance(bird.name, str)
    assert all(isinstance(wing.length, float) for wing in bird.wings)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"9" * 5000,
        b"[]",
        b"null",
        b"\x00" * 64,
    ],
)
def test_damaged_content_is_one_sentence_with_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bird.json"
    path.write_bytes(content)
    with pytest.raises(DamagedError) as caught:
        read_json(path, Bird)
    assert str(caught.value).startswith(f"{path}: is damaged, since ")
    assert len(str(caught.value)) - len(str(path)) < 300
    assert caught.value.file == str(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bird.json"
    path.write_bytes(content)
    with suppress(DamagedError):
        read_json(path)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(MissingError):
        read_json(tmp_path / "nothing.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(MissingError):
        read_json(tmp_path / "file" / "below.json")
    with pytest.raises(DamagedError, match="a folder"):
        read_json(tmp_path)
    with pytest.raises(DataError):
        read_json(tmp_path / "a\0b")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        answers: list[str] = []

        def read() -> None:
            try:
                read_json(tmp_path / "pipe")
            except DamagedError as error:
                answers.append(str(error))

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        thread.join(30)
        assert "pipe or device" in answers[0]


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(MAX_TEXT_BYTES + 1)  # a hole, which takes no room
    with pytest.raises(DamagedError, match="more than such a file ever has"):
        read_json(path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read_is_not_damaged(tmp_path: Path) -> None:
    path = tmp_path / "bird.json"
    path.write_text("{}")
    path.chmod(0)
    with pytest.raises(DataError, match="cannot be read") as caught:
        read_json(path)
    assert not isinstance(caught.value, DamagedError)


def test_a_changed_value_does_not_have_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "bird.json"
    path.write_text(json.dumps(with_checksum({**LARK, "range": (0.1, 1e300)}), indent=2))
    value = read_json(path, dict[str, Any])
    assert require_checksum(path, value)
    assert not require_checksum(path, LARK), "files of earlier versions have none"
    with pytest.raises(DamagedError, match="its checksum is wrong"):
        require_checksum(path, {**value, "sings": False})
