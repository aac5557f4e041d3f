"""`--listen`."""

from __future__ import annotations

from pathlib import Path

import pytest

from spindled.faces.sockets.address import Tcp, Unix, parse_listen


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix://", Unix(Path("/home/app-server-control/app-server-control.sock"))),
        ("unix:///run/s", Unix(Path("/run/s"))),
        ("unix://s", Unix(Path.cwd() / "s")),
        ("ws://127.0.0.1:0", Tcp("127.0.0.1", 0)),
        ("ws://[::1]:8080", Tcp("::1", 8080)),
    ],
)
def test_where(url: str, expected: object) -> None:
    address = parse_listen(url, "/home")
    assert address == expected
    assert parse_listen(str(address), "/home") == address


@pytest.mark.parametrize("host", ["localhost", "example.com", "", "1.2.3", "127.0.0.1/x", "user@127.0.0.1"])
def test_names_are_no_addresses(host: str) -> None:
    with pytest.raises(ValueError, match="expected `ws://IP:PORT`"):
        parse_listen(f"ws://{host}:1", "/home")


@pytest.mark.parametrize("port", ["", "-1", "65536", "x", "80/path"])
def test_ports_are_numbers(port: str) -> None:
    with pytest.raises(ValueError, match="expected `ws://IP:PORT`"):
        parse_listen(f"ws://127.0.0.1:{port}", "/home")


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("0.0.0.0", False), ("::", False)]
)
def test_what_other_machines_reach(host: str, loopback: bool) -> None:
    assert Tcp(host, 1).is_loopback is loopback
