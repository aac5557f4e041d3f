from __future__ import annotations

import pytest

from spindled.faces.gateway.guard import NotLoopback, address, admit, host_name


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        (":0", ("127.0.0.1", 0)),
        ("localhost:1", ("localhost", 1)),
        ("[::1]:8080", ("::1", 8080)),
        ("http://127.0.0.1:80/", ("127.0.0.1", 80)),
    ],
)
def test_addresses(listen: str, expected: tuple[str, int]) -> None:
    assert address(listen) == expected


@pytest.mark.parametrize("listen", ["", "80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", ":99999", "stdio://"])
def test_no_addresses(listen: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        address(listen)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_needs_nothing(host: str) -> None:
    admit(host, allow_remote=False, token=None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "gateway.example", "127.0.0.1.example"])
def test_other_addresses_need_the_flag_and_a_token(host: str) -> None:
    for allowed, token in ((False, None), (False, "t"), (True, None)):
        with pytest.raises(NotLoopback):
            admit(host, allow_remote=allowed, token=token)
    admit(host, allow_remote=True, token="t")


def test_the_name_in_a_host_header() -> None:
    assert [host_name(text) for text in ("a:1", "a", "[::1]:1", "[::1]", "")] == ["a", "a", "::1", "::1", ""]
