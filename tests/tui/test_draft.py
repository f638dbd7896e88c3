"""The sequence that a person builds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.data.items import Item
from tui.draft import SequenceDraft


def item(number):
    return Item(number, number, f"title {number}")


def ids(draft):
    return [one.internal_id for one in draft.items]


def draft_of(*numbers):
    draft = SequenceDraft()
    for number in numbers:
        draft.append(item(number))
    return draft


def test_append_remove_move_clear_undo():
    draft = draft_of(1, 2, 3)
    assert draft.move(2, -1) == 1
    assert ids(draft) == [1, 3, 2]
    draft.remove(0)
    assert ids(draft) == [3, 2]
    draft.clear()
    assert ids(draft) == []
    for expected in ([3, 2], [1, 3, 2], [1, 2, 3], [1, 2], [1], []):
        assert draft.undo()
        assert ids(draft) == expected
    assert not draft.undo()


def test_moving_past_an_end_changes_nothing_and_leaves_nothing_to_undo():
    draft = draft_of(1, 2)
    assert draft.move(0, -1) == 0
    assert draft.move(1, 5) == 1
    draft.undo()
    assert ids(draft) == [1]


def test_clearing_nothing_leaves_nothing_to_undo():
    draft = SequenceDraft()
    draft.clear()
    assert not draft.can_undo


@given(
    st.lists(st.tuples(st.sampled_from(["append", "remove", "move", "clear"]), st.integers(0, 9), st.integers(-3, 3)))
)
def test_undo_leads_back_through_every_state(steps):
    draft, states = SequenceDraft(), [()]
    for what, position, by in steps:
        if what == "append":
            draft.append(item(position + 1))
        elif draft.items and what == "remove":
            draft.remove(position % len(draft))
        elif draft.items and what == "move":
            draft.move(position % len(draft), by)
        elif what == "clear":
            draft.clear()
        if draft.items != states[-1]:
            states.append(draft.items)
    while len(states) > 1:
        states.pop()
        # A removed twin leaves the same list behind: such a step is undone like any other.
        while draft.items != states[-1]:
            assert draft.undo()
