"""Pasted text is text, whatever escapes are in it and however the terminal's input is cut into pieces."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui.paste_filter import PasteFilter

BEGIN, END = "\x1b[200~", "\x1b[201~"
_PIECES = st.sampled_from(
    [BEGIN, END, "\x1b", "\x1b_x\x1b\\", "[201~", "[200~", "\x1b[A", "\x11", "a", "日", "\x1b[20"]
)
_INPUTS = st.lists(_PIECES, max_size=12).map("".join)


def filtered(*pieces: str) -> str:
    take = PasteFilter()
    return "".join(take(piece) for piece in pieces)


def test_escapes_of_a_paste_are_replaced_and_those_of_keys_stay() -> None:
    assert filtered(f"\x1b[A{BEGIN}The\x1b_x\x1b\\\x11{END}\x1b[B") == f"\x1b[A{BEGIN}The�_x�\\\x11{END}\x1b[B"


@given(text=_INPUTS, cuts=st.lists(st.integers(0, 60), max_size=5))
def test_where_the_input_is_cut_changes_nothing(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(one, len(text)) for one in cuts), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(places)]
    assert filtered(*pieces, END) == filtered(text, END)


@given(text=_INPUTS)
def test_a_key_is_not_held_back(text: str) -> None:
    outside = text.replace(BEGIN, "")
    if BEGIN not in outside:
        assert filtered(*outside) == outside


@given(pasted=_INPUTS.map(lambda text: text.replace(END, "")))
def test_no_escape_is_left_inside(pasted: str) -> None:
    if END not in pasted + END[:-1]:
        inside = filtered(f"{BEGIN}{pasted}{END}")[len(BEGIN) : -len(END)]
        assert inside == pasted.replace("\x1b", "\N{REPLACEMENT CHARACTER}")
