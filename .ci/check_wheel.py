"""Install the wheel where the checkout is not, and ask it something: the demo must be found and answer.

The wheel goes into a virtual environment of its own. Its dependencies are those of the running interpreter, lent by
a .pth file: installing torch twice would take longer than all the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path


def main(wheel: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        elsewhere = Path(name)
        environment = elsewhere / "venv"
        venv.create(environment, with_pip=True)
        python = environment / "bin" / "python"
        run(elsewhere, python, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel.resolve()))
        site = run(elsewhere, python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        (Path(site) / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")

        where = run(elsewhere, python, "-c", "import engine; print(engine.__file__)")
        if not where.startswith(site):
            raise SystemExit(f"the engine was imported from {where.strip()}, not from the wheel")
        program = environment / "bin" / "recsys-tui"
        print(run(elsewhere, program, "--version").strip())
        answer = run(elsewhere, program, "search", "a heist that goes wrong", "-d", "demo", "-k", "5", "--json")
        results = json.loads(answer)
        if len(results) != 5:
            raise SystemExit(f"expected five results, got {answer}")
        print("; ".join(result["title"] for result in results))


def run(folder: Path, *command: object) -> str:
    variables = {**os.environ, "RECSYS_TUI_HOME": str(folder / "home")}
    variables.pop("PYTHONPATH", None)
    done = subprocess.run([str(word) for word in command], cwd=folder, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
