"""What an address is, and what of it may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets import read
from engine.datasets.locations.address import parse
from engine.errors import OptionError


@pytest.mark.parametrize("path", ["ratings.csv", "C:\\data\\log.csv", "C:/log.csv", "c://log.csv", "s3:", "~/a:b.csv"])
def test_a_path_is_no_address(path: str) -> None:
    assert parse(path) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ann:secret@example.org/a/b.csv", "https://example.org/a/b.csv"),
        ("https://example.org/b.csv?X-Amz-Signature=secret#secret", "https://example.org/b.csv?…"),
        ("https://example.org:8080/@ann/b.csv", "https://example.org:8080/@ann/b.csv"),
        ("s3://KEY:sec/ret@bucket/log/part-?.parquet?region=eu-north-1", "s3://bucket/log/part-?.parquet"),
        ("s3a://bucket/log.csv", "s3://bucket/log.csv"),
        ("postgres://ann:secret@db/shop?table=log&password=secret", "postgresql://db/shop?table=log"),
        ("postgresql://ann:a@b/c?d@db:99/shop?sslkey=secret&query=SELECT 1", "postgresql://db:99/shop?query=SELECT 1"),
        ("postgresql://ann:12/secret@db/shop?table=log", "postgresql://db/shop?table=log"),
        ("sqlite:///ann@home.db?table=log", "sqlite:///ann@home.db?table=log"),
        ("sqlite:///shop.db?query=SELECT%20a+FROM%20b", "sqlite:///shop.db?query=SELECT a FROM b"),
    ],
)  # fmt: skip
def test_no_secret_is_shown(text: str, shown: str) -> None:
    address = parse(text)
    assert str(address) == shown
    assert "secret" not in repr(address)


_SECRETS = st.text("abcXYZ012@:/?&=%+# ", min_size=3, max_size=12).map(lambda text: f"hush{text}hush")


@given(_SECRETS, st.sampled_from(["postgresql://u:{}@h/db?table=t", "https://u:{}@h/a.csv", "s3://u:{}@bucket/a.csv"]))
def test_a_password_is_not_shown_however_it_is_written(secret: str, form: str) -> None:
    address = parse(form.format(secret))
    assert "hush" not in str(address)


def test_a_query_is_taken_as_it_is_or_decoded() -> None:
    plain = parse("sqlite:///a.db?query=SELECT a FROM t WHERE b LIKE '%25' AND c = 'x&y'")
    encoded = parse("sqlite:///a.db?query=SELECT%20a+FROM%20t")
    assert plain is not None
    assert encoded is not None
    assert plain.query == "SELECT a FROM t WHERE b LIKE '%25' AND c = 'x&y'"
    assert encoded.query == "SELECT a FROM t"


def test_an_address_as_a_path_is_explained() -> None:
    with pytest.raises(OptionError, match="Give an address such as s3://… as text"):
        read("x", ratings=Path("s3://bucket/log.csv"))


def test_other_kinds_of_addresses_are_refused_without_contacting_anybody() -> None:
    with pytest.raises(OptionError, match=r"ftp://host/log.csv: addresses of this kind cannot be read; these can"):
        read("x", ratings="ftp://host/log.csv")


def test_a_file_address_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "my log.csv"
    path.write_text("user,item\n1,2\n")
    dataset = read("x", ratings=path.as_uri())
    assert dataset.num_interactions == 1
    assert "addresses" not in dataset.source
