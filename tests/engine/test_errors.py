"""The sentence of an error is one line that a person reads at once, whatever is named in it."""

from __future__ import annotations

from engine.errors import LONGEST_SENTENCE, RecsysError


def test_line_ends_of_names_become_spaces() -> None:
    assert str(RecsysError("a\nb.csv is\u2028empty.")) == "a b.csv is empty."


def test_what_is_too_long_is_left_out_of_the_middle() -> None:
    assert str(RecsysError("x" * LONGEST_SENTENCE)) == "x" * LONGEST_SENTENCE
    sentence = str(RecsysError(f"begin {'x' * 5000} end."))
    assert len(sentence) == LONGEST_SENTENCE
    assert (sentence[:6], sentence[-5:]) == ("begin ", " end.")
    assert " … " in sentence
