"""Naming the readers costs nothing."""

from __future__ import annotations

import subprocess
import sys


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = (
        "import sys, engine.datasets, engine.datasets.releases; "
        "print([name for name in ('pandas', 'pyarrow', 'numpy', 'torch', 'textual') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
