"""Shared fixtures: no network access, an empty home for each test, and the real data sets."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import hypothesis
import pytest

# These are set before a hub client is imported, so that a download fails at once and not after retries.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

# Many tests start the program, and where the environment forbids keeping compiled modules each start would compile all.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Processes that test side by side would wait for each other's threads: small trainings took up to fifty times as long.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")

# No deadlines, so that no test fails because the machine is busy. The same examples in every run, so that a change is
# judged by what it changes; HYPOTHESIS_PROFILE=explore looks for new ones.
_STEADY = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("steady", _STEADY, derandomize=True)
hypothesis.settings.register_profile("explore", _STEADY)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

# With torch and hundreds of screens in memory a whole collection takes half a second, and the usual thresholds ask for
# so many that they took a fifth of the time of the tests of screens.
gc.set_threshold(5_000, 20, 20)

REPOSITORY = Path(__file__).parent.parent
REAL_DATA = REPOSITORY.parent / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sessions in a terminal take a minute each: they come first, so that no process waits for one at the end."""
    items.sort(key=lambda item: "terminal" not in item.path.parts)


def pytest_collection_finish() -> None:
    """Leave what stays to the end, libraries and the tests themselves, out of all later collections."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new, empty home folder for each test, so that no test touches the developer's own."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("RECSYS_TUI_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real data sets; the test is skipped if it does not exist."""
    if not REAL_DATA.is_dir():
        pytest.skip("the real data sets (../shared/data) are not on this machine")
    return REAL_DATA
