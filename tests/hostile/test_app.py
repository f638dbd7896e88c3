"""The app in a real pseudo-terminal, over data in which every text is hostile: it shows them, and none is obeyed."""

from __future__ import annotations

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals of this kind", allow_module_level=True)

from tests.hostile.hostile_app import walk
from tests.hostile.stream import APP, violations


@pytest.mark.slow
def test_no_screen_writes_what_a_terminal_would_obey() -> None:
    stream = walk(seed=1, number=40)
    assert "\ufffd".encode() in stream, "the hostile texts have been shown"
    assert not violations(stream, APP)
