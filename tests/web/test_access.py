"""Who may open the web page: names, origins and tokens."""

from __future__ import annotations

import pytest

from tui.web.access import Access, is_loopback, make_token

HERE = Access("127.0.0.1")
WIDE = Access("0.0.0.0", "x" * 20, names=frozenset({"workstation", "workstation.local"}))
BEHIND = Access("127.0.0.1", "x" * 20, public_url="https://films.example.org/app")


@pytest.mark.parametrize(
    ("access", "host", "refused"),
    [
        (HERE, "127.0.0.1:8000", False),
        (HERE, "localhost:8000", False),
        (HERE, "[::1]:8000", False),
        (HERE, "evil.example.org:8000", True),  # a name that was pointed at this machine
        (HERE, "127.0.0.1.evil.example.org", True),
        (HERE, "192.168.1.7:8000", True),
        (HERE, "", True),
        (HERE, "[", True),
        (WIDE, "192.168.1.7:8000", False),
        (WIDE, "workstation:8000", False),
        (WIDE, "WORKSTATION.local", False),
        (WIDE, "evil.example.org", True),
        (BEHIND, "films.example.org", False),
        (BEHIND, "evil.example.org", True),
    ],
)
def test_a_request_is_answered_only_under_names_of_this_server(access: Access, host: str, refused: bool) -> None:
    assert access.refuses_host(host) is refused


@pytest.mark.parametrize(
    ("access", "origin", "refused"),
    [
        (HERE, "http://localhost:8000", False),
        (HERE, "http://localhost:9999", True),  # a server of somebody else on this machine
        (HERE, "http://evil.example.org", True),
        (HERE, "null", True),  # a page in a sandbox, or a file
        (HERE, "file://", True),
        (HERE, "http://[", True),
        (HERE, None, True),
        (BEHIND, "https://films.example.org", False),
        (BEHIND, "http://films.example.org", True),
    ],
)
def test_a_websocket_is_opened_only_for_the_page_itself(access: Access, origin: str | None, refused: bool) -> None:
    headers = {"Host": "localhost:8000"} | ({} if origin is None else {"Origin": origin})
    assert access.refuses_origin(headers, websocket=True) is refused


def test_another_page_embeds_nothing_but_may_link_here() -> None:
    cross = {"Host": "localhost:8000", "Sec-Fetch-Site": "cross-site"}
    assert HERE.refuses_origin({**cross, "Sec-Fetch-Dest": "iframe"}, websocket=False)
    assert HERE.refuses_origin({**cross, "Sec-Fetch-Dest": "image"}, websocket=False)
    assert not HERE.refuses_origin({**cross, "Sec-Fetch-Dest": "document"}, websocket=False)
    assert not HERE.refuses_origin({"Host": "localhost:8000"}, websocket=False)


def test_only_the_whole_token_opens() -> None:
    token = make_token()
    access = Access("0.0.0.0", token)
    assert access.knows(token)
    for wrong in (None, "", token[:-1], f"{token} ", token.swapcase(), "\udcff"):
        assert not access.knows(wrong)
    assert token not in repr(access)
    assert make_token() != token


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("workstation", False),
    ],
)
def test_what_only_this_machine_reaches(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone
