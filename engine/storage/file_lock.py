"""The lock that the system keeps for an open file: it ends with the process, even after a crash."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress

#: Errors that mean that a file system has no locks.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
#: Windows keeps others from reading a locked byte, so one behind the content is locked there.
_LOCKED_BYTE = 1 << 30


def try_to_lock(descriptor: int) -> bool | None:
    """Lock an open file without waiting.

    Returns
    -------
    bool or None
        True if it is locked now, False if another holds the lock, None on a file system without locks, such as some
        network ones.

    Raises
    ------
    OSError
        If the file system fails.
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        raise
    return True


def unlock(descriptor: int) -> None:
    """Release the lock of a file that is about to be closed; elsewhere than on Windows, the closing does it."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        with suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
