"""Every recipe of docs/recipes.md runs, in the order of the page."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parent.parent / "docs" / "recipes.md"


def recipes() -> list[tuple[str, str]]:
    return re.findall(r"^## (.+?)$.*?^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.slow
def test_every_recipe_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_TUI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    found = recipes()
    assert len(found) == PAGE.read_text(encoding="utf-8").count("```python")
    for title, program in found:
        if "queries.query" in program and find_spec("duckdb") is None:
            continue
        try:
            exec(program, names)
        except Exception as error:
            error.add_note(f"in the recipe “{title}”")
            raise
    written = {"lists.parquet", "next.csv", "neighbours.csv", "items.parquet", "report.html"}
    assert {path.name for path in tmp_path.iterdir()} >= written
    assert names["workspace"].names() == ["demo", "films"]
