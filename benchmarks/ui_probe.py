"""The app with a probe task that measures the delays of its event loop.

    python benchmarks/ui_probe.py TICKS DATASET [RATINGS]

The probe waits five milliseconds at a time. For each wait it appends two doubles to the file TICKS: the start of the
wait (``time.monotonic``) and the delay of its end in seconds. With RATINGS, that file is read and stored before the
data set opens, in the thread that opens it.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
import time
from pathlib import Path

from engine.storage.paths import find_paths
from engine.workspace.dataset_store import Workspace
from tui import collector
from tui.launch import ESCAPE_DELAY, SWITCH_INTERVAL, leave, make_app

os.environ.setdefault("ESCDELAY", ESCAPE_DELAY)
from tui import app as app_module  # Textual reads the variable when it is imported

TICK = 0.005


class ProbedApp(app_module.RecsysApp):
    ticks: int

    async def on_load(self) -> None:
        self._ticker = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            begun = time.monotonic()
            await asyncio.sleep(TICK)
            os.write(self.ticks, struct.pack("dd", begun, time.monotonic() - begun - TICK))


def main() -> None:
    ticks, dataset, *ratings = sys.argv[1:]
    sys.setswitchinterval(SWITCH_INTERVAL)
    collector.rest()  # until the first paint, as in the program
    app_module.RecsysApp = ProbedApp
    app = make_app(dataset, "auto")
    ProbedApp.ticks = os.open(ticks, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    if ratings:
        open_session = app.backend._open_session

        def read_first(job):  # type: ignore[no-untyped-def]
            from engine.datasets.ingest import add

            add(Workspace(find_paths().data), "generated", ratings=Path(ratings[0]), replace=True, job=job)
            return open_session(job)

        app.backend._open_session = read_first
    app.run()
    leave(app)


if __name__ == "__main__":
    main()
