"""Importing torch and its like in a thread without freezing whoever draws the screen meanwhile.

Two things hold the interpreter during such an import for a quarter of a second at a stretch: the dynamic loading of
huge shared libraries, which CPython does under its lock, and full collections of the cyclic garbage collector among
the many objects that are being made. So the libraries are loaded first through a foreign call, around which ctypes
releases the lock, and the collector rests for as long as the import lasts.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

_importing = threading.RLock()

#: Package -> shared libraries inside it worth loading ahead, in order; a missing one does not matter.
_LIBRARIES = {
    "torch": ("lib/libc10.so", "lib/libtorch_cpu.so", "lib/libtorch_python.so"),
    "pyarrow": ("libarrow.so.*", "libarrow_compute.so.*", "libparquet.so.*", "libarrow_python.so.*"),
}


def import_in_background(*modules: str) -> None:
    """Import modules by name, from any thread, holding the interpreter as briefly as can be done.

    Parameters
    ----------
    modules
        Names such as ``"torch"``; one that is already imported costs nothing.

    Raises
    ------
    ImportError
        If one of them is not installed.
    """
    if all(name in sys.modules for name in modules):
        return
    with _importing, _collector_at_rest():
        for name in modules:
            _load_libraries(name.partition(".")[0])
            importlib.import_module(name)


@contextlib.contextmanager
def _collector_at_rest() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # What an import makes lives until the end: frozen, it is not looked through again at every collection.
            gc.freeze()
            gc.enable()


def _load_libraries(package: str) -> None:
    patterns = _LIBRARIES.get(package)
    if patterns is None or package in sys.modules or sys.platform != "linux":
        return
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype = ctypes.c_void_p
    dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
    folder = Path(next(iter(spec.submodule_search_locations)))
    for pattern in patterns:
        for library in sorted(folder.glob(pattern)):
            dlopen(str(library).encode(), _RTLD_NOW)


_RTLD_NOW = 2
