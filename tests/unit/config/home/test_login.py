from __future__ import annotations

import json
import logging
import os
import stat
from pathlib import Path

import pytest

from spindled.config.home.login import Login, usable_key

SECRET = "sk-very-secret-key"


def test_a_key_is_kept_for_the_user_alone(tmp_path: Path) -> None:
    login = Login(tmp_path)
    assert login.key() is None
    login.store(SECRET)
    assert login.key() == SECRET
    assert Login(tmp_path).key() == SECRET
    assert stat.S_IMODE((tmp_path / "auth.json").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["auth.json"]
    login.forget()
    login.forget()
    assert login.key() is None


def test_a_file_that_others_could_read_is_closed_when_a_key_comes_into_it(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    path.write_text("{}")
    path.chmod(0o644)
    Login(tmp_path).store(SECRET)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_process_may_log_in(tmp_path: Path) -> None:
    login = Login(tmp_path)
    assert login.key() is None
    Login(tmp_path).store(SECRET)
    assert login.key() == SECRET


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"auth_mode": "chatgpt", "OPENAI_API_KEY": SECRET}),
        json.dumps({"auth_mode": "apikey", "OPENAI_API_KEY": None}),
        json.dumps({"auth_mode": "apikey", "OPENAI_API_KEY": [SECRET]}),
        json.dumps([SECRET]),
        SECRET,
        "[" * 100_000,
    ],
)
def test_what_is_no_key_is_none_and_is_not_quoted(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "auth.json").write_text(content)
    with caplog.at_level(logging.DEBUG):
        assert Login(tmp_path).key() is None
    assert SECRET not in caplog.text


def test_a_key_without_a_mode_is_an_api_key(tmp_path: Path) -> None:
    (tmp_path / "auth.json").write_text(json.dumps({"OPENAI_API_KEY": SECRET}))
    assert Login(tmp_path).key() == SECRET


@pytest.mark.parametrize(
    ("text", "key"),
    [(f" {SECRET}\n", SECRET), ("", None), (" ", None), ("a b", None), ("a\nb", None), ("käse", None), ("a\x7f", None)],
)
def test_what_can_stand_in_a_header(text: str, key: str | None) -> None:
    assert usable_key(text) == key
