"""Whatever is done to an export, it is read or refused in one sentence."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.datasets import read
from engine.errors import RecsysError

from .conftest import Write
from .test_registry import FIXTURES

EXPORTS = ("goodreads", "imdb", "jester", "lastfm", "letterboxd", "lightgcn", "myanimelist", "netflix", "netflix-prize",
           "spotify", "steam")  # fmt: skip
JUNK = ("\0", '"', "\n", ",", "\ufffd", "9" * 20, "1e400", "nan", "-", "<", "&x;", "31/31/2024", "9999-12-31", "{", "=")


@pytest.mark.parametrize("kind", EXPORTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(changes=[(0.0, 6, '"'), (0.5, 0, "\n")])
@example(changes=[(0.25, 0, "\n"), (1.0, 0, "nan")])
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(JUNK)), min_size=1, max_size=3))
def test_a_damaged_export_is_read_or_refused_in_one_sentence(
    write: Write, kind: str, changes: list[tuple[float, int, str]]
) -> None:
    name, text = next(iter(FIXTURES[kind].items()))
    for where, length, junk in changes:
        begin = int(where * len(text))
        text = text[:begin] + junk + text[begin + length :]
    sentence = ""
    try:
        read("x", kind, ratings=write(name, text))
    except RecsysError as error:
        sentence = str(error)
    assert len(sentence) <= 400
    assert len(sentence.splitlines()) <= 1


def test_a_number_of_many_digits_is_shown_as_it_is(write: Write) -> None:
    content = "Const,Your Rating,Title,Num Votes\ntt1,5,Heat,100000000000000000000\n"
    assert read("x", ratings=write("r.csv", content)).items[1].metadata["num_votes"] == 1e20
