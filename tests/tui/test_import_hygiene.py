"""What the first paint must not load, seen in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "pandas", "numpy", "pyarrow", "transformers", "sentence_transformers", "scipy", "sklearn")

PAINT = """
import sys
from tui.app import RecsysApp

class App(RecsysApp):
    def on_ready(self):
        print(*sorted(sys.modules), file=sys.__stdout__)
        self.exit()

App(lambda job: None, "demo").run(headless=True)
"""


@pytest.mark.parametrize(
    "program",
    [
        "import sys, tui.app; print(*sys.modules)",
        "import sys, tui.panes.user, tui.panes.sequence; print(*sys.modules)",
        PAINT,
    ],
    ids=["the app", "the other tabs", "a first paint"],
)
def test_nothing_heavy_is_loaded(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "textual" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_panes_and_the_backend_are_not_loaded_by_the_first_paint():
    done = subprocess.run([sys.executable, "-c", PAINT], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert {"tui.panes.user", "tui.panes.sequence"}.isdisjoint(loaded)
    assert {"engine.session.session", "engine.session.models", "engine.workspace.dataset_store"}.isdisjoint(loaded)
    # Their data classes take a twentieth of the time to the first paint.
    assert {"tui.backend.backend", "tui.messages", "tui.wording", "engine.data.results"}.isdisjoint(loaded)
