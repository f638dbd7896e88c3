"""Open a data set without pandas, which pyarrow imports of its own accord at the first array that it makes.

That import takes a fifth of the time to the first answer of a command, and most commands have no use for it. A program
that owns its process asks for this; in a program of someone else pyarrow is left as it is.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from engine.runtime.lazy_import import import_in_background, importing

_put_off = False


def put_off_pandas() -> None:
    """Let this process import pandas only where pandas is used."""
    global _put_off
    _put_off = True


def import_arrow() -> None:
    """Import what stored tables are read with; in a process that does not put pandas off, pandas too."""
    if not _put_off or "pandas" in sys.modules:
        import_in_background("pandas", "pyarrow.parquet", "pyarrow.compute")
        return
    import_in_background("pyarrow")
    with importing():
        if not any(isinstance(finder, _PandasLater) for finder in sys.meta_path):
            _look_in_vain()
    import_in_background("pyarrow.parquet", "pyarrow.compute")


def _look_in_vain() -> None:
    """Have pyarrow look for pandas once and not find it. It does not look again until pandas is imported."""
    import pyarrow

    later = _PandasLater()
    sys.meta_path.insert(0, later)
    try:
        pyarrow.array([0])
    finally:
        later.hides = False


class _PandasLater:
    """Hides pandas at first, and has pyarrow look again once it is imported."""

    hides = True

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "pandas":
            return None
        if self.hides:
            raise ModuleNotFoundError("pandas is imported later", name=fullname)
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_tell(module: ModuleType) -> None:
                import pyarrow

                run(module)
                pyarrow.array([0]).to_pandas()

            spec.loader.exec_module = run_and_tell  # type: ignore[method-assign]
        return spec
