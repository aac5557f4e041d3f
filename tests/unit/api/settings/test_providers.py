from __future__ import annotations

import pytest

from spindled.api.settings.providers import free_id, usable


@pytest.mark.parametrize(
    ("name", "taken", "key"),
    [
        ("My Gate", set(), "my-gate"),
        ("My Gate", {"my-gate"}, "my-gate-2"),
        ("My Gate", {"my-gate", "my-gate-2"}, "my-gate-3"),
        (" a.b/c ", set(), "a-b-c"),
        ("ß", set(), "provider"),
    ],
)
def test_an_id_of_a_name(name: str, taken: set[str], key: str) -> None:
    assert free_id(name, taken) == key


@pytest.mark.parametrize("url", ["http://localhost:1234/v1", "https://x", "http://[::1]:80/"])
def test_addresses(url: str) -> None:
    assert usable(url)


@pytest.mark.parametrize(
    "url", ["x", "ftp://x", "http://", "http://u@x", "http://x?a=1", "http://x#a", "http://x:99999", "http://[::1"]
)
def test_what_is_no_address(url: str) -> None:
    assert not usable(url)
