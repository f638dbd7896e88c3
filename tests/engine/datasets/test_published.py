"""Published data sets and people's exports, in their original formats, are read by one command each."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from .published import SOURCES, Source

PAGE = Path(__file__).parents[3] / "docs" / "make_data_page.py"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_data_page", PAGE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("source", SOURCES, ids=[one.title for one in SOURCES])
def test_one_command_reads_it(maker: ModuleType, source: Source) -> None:
    found = maker.preview(source)
    assert (found["num_users"], found["num_items"], found["num_interactions"]) == source.counts


def test_the_page_tells_what_is_read(maker: ModuleType) -> None:
    assert maker.page() == maker.PAGE.read_text(encoding="utf-8"), "run python docs/make_data_page.py"
