"""What every thread of ours has in common: it is a daemon, it has a name, and requests and jobs have numbers."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

#: Numbers for requests and jobs, never the same twice.
numbers = itertools.count(1)


def start(name: str, target: Callable[..., None], *arguments: Any) -> None:
    """Run something in a thread that nobody has to wait for when the process ends."""
    threading.Thread(target=target, args=arguments, name=f"recsys-{name}", daemon=True).start()
