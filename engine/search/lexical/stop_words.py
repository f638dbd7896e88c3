"""Words of English that say nothing of what is searched for."""

from __future__ import annotations

from engine.text.normalize import words

#: Stop words, which are ignored unless a query has no other words ("The Who").
STOP_WORDS = frozenset(
    words(
        "a about an and are as at be but by can could do does for from had has have how i if in into is it its me my "
        "of on or our some something than that the their them then there these they this those to us was we were what "
        "when where which who whose will with would you your"
    )
)
