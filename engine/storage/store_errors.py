"""What the errors of folders and of object stores mean, in words for a person."""

from __future__ import annotations

import os

NO_ACCESS = "access is not allowed; check the credentials"
#: Words in the errors of the stores -> what they mean. The first that occurs counts.
_MEANINGS = {
    "NO_SUCH_BUCKET": "there is no such bucket",
    "INVALID_ACCESS_KEY_ID": "the access key is not known there",
    "SIGNATURE_DOES_NOT_MATCH": "the secret key is wrong",
    "ACCESS_DENIED": NO_ACCESS,
    "HTTP response code 403": NO_ACCESS,
    "UNAUTHENTICATED": NO_ACCESS,
    "PERMISSION_DENIED": NO_ACCESS,
    "resolve host": "the server cannot be found",
    "NETWORK_CONNECTION": "the server cannot be reached",
    "Retry policy exhausted": "the server cannot be reached",
}
_LONGEST = 200


def meaning_of(error: Exception) -> str:
    """What an error of an object store says, in short; its own words if they are not known."""
    text = str(error)
    return next((meaning for words, meaning in _MEANINGS.items() if words in text), text)


def reason_of(error: Exception) -> str:
    """The same for a folder as well, on one line."""
    number = getattr(error, "errno", None)
    text = os.strerror(number).lower() if number else meaning_of(error)
    return " ".join(text.split())[:_LONGEST] or type(error).__name__
