"""Writes the tree of the packages into CONTRIBUTING.md, each module with the first sentence of its docstring.

    python docs/make_tree.py
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- tree: begin -->", "<!-- tree: end -->"
_WIDTH, _COLUMN = 118, 28


def tree() -> str:
    """The tree of `engine/` and `tui/` as lines of text."""
    return "\n".join(line for package in ("engine", "tui") for line in _lines(ROOT / package, 0))


def page() -> str:
    """CONTRIBUTING.md with the tree as it is now."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n```\n{tree()}\n```\n{END}{rest.split(END)[1]}"


def _lines(folder: Path, depth: int) -> list[str]:
    lines = [_line(f"{folder.name}/", depth, folder / "__init__.py")]
    modules = sorted(path for path in folder.glob("*.py") if path.stem != "__init__")
    lines += [_line(path.stem, depth + 1, path) for path in modules]
    for inner in sorted(path.parent for path in folder.glob("*/__init__.py")):
        lines += _lines(inner, depth + 1)
    return lines


def _line(name: str, depth: int, path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    sentence = docstring.split("\n\n")[0].replace("\n", " ").split(". ")[0].rstrip(".")
    line = f"{'  ' * depth}{name:<{max(1, _COLUMN - 2 * depth)}}{sentence}"
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1].rstrip()}…"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
