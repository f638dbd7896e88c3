"""The guides are true: the tree is the code's, and the worked examples of CONTRIBUTING.md work."""

from __future__ import annotations

import importlib.util
import re
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from engine import models
from engine.interactions import Interactions
from engine.models import registry

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "CONTRIBUTING.md"


def example(name: str) -> str:
    """The block of code that follows a mark."""
    mark = rf"^ *<!-- example: {name} -->\n *```python\n(.*?)^ *```"
    found = re.search(mark, PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    return textwrap.dedent(found.group(1))


def module_from(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_tree_is_that_of_the_code() -> None:
    make_tree = module_from(ROOT / "docs" / "make_tree.py", "make_tree")
    assert make_tree.page() == PAGE.read_text(encoding="utf-8"), "run python docs/make_tree.py"


def test_the_example_of_a_model_is_a_file_a_line_and_a_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    line = eval(example("model line"))
    name, _, _ = line.partition(":")
    path = tmp_path / "user_mean.py"
    path.write_text(example("model"), encoding="utf-8")
    monkeypatch.setitem(sys.modules, name, module_from(path, name))
    monkeypatch.setattr(registry, "MODELS", (*registry.MODELS, line))
    registry.describe.cache_clear()
    try:
        assert "user-mean" in models.available()
        names = {"Interactions": Interactions, "models": models, "np": np}
        exec(example("model test"), names)
        names["test_a_user_is_predicted_their_own_mean"]()  # type: ignore[operator]
    finally:
        registry.describe.cache_clear()
