"""What every test shares: no network, a home of its own, and where the real data lies."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# Set before anything imports a hub client: a download must fail at once, not after retries.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

# No test times anything: a busy machine must not fail one.
hypothesis.settings.register_profile("steady", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("steady")

REPOSITORY = Path(__file__).parent.parent
REAL_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new, empty home for each test, so that none reads or writes the developer's own."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("RECSYS_TUI_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets, or a skip."""
    if not REAL_DATA.is_dir():
        pytest.skip("the real data sets (../shared/data) are not on this machine")
    return REAL_DATA
