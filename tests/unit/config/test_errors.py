"""Every mistake in a file names its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spindled.config.errors import ConfigError, Span
from spindled.config.schema import Config

Loaded = Callable[..., Config]

TYPE_ERRORS = [
    ('model = "m"\nmodel_context_window = "many"\n', (2, 24, 2, 29), "expected an integer, found a string"),
    ("model = 5\n", (1, 9, 1, 9), "expected a string, found an integer"),
    ("hide_agent_reasoning = 1\n", (1, 24, 1, 24), "expected a boolean, found an integer"),
    ("model = [\n  1,\n]\n", (1, 9, 3, 1), "expected a string, found a list"),
    ('sandbox_mode = "wide-open"\n', (1, 16, 1, 26), "unknown value `wide-open`, expected one of `read-only`"),
    ('approval_policy = "sometimes"\n', (1, 19, 1, 29), "`on-request`"),
    ("approval_policy.granular.rules = 1\n", (1, 34, 1, 34), "expected a boolean"),
    ("[tools]\nupdate_plan = true\n", (2, 15, 2, 18), "expected a table, found a boolean"),
    ('tools.update_plan.enabled = "x"\n', (1, 29, 1, 31), "expected a boolean"),
    ('[sandbox_workspace_write]\nwritable_roots = ["/a", 5]\n', (2, 25, 2, 25), "expected a string"),
    ("project_doc_max_bytes = -1\n", (1, 25, 1, 26), "expected an integer >= 0"),
    ("model_context_window = 0\n", (1, 24, 1, 24), "expected an integer >= 1"),
    (
        '[model_providers.a]\nrequest_max_retries = 1\n[model_providers."b.c"]\nrequest_max_retries = "q"\n',
        (4, 23, 4, 25),
        "expected an integer",
    ),
    ('model_providers = { z = { name = "z", request_max_retries = "q" } }\n', (1, 61, 1, 63), "expected an integer"),
    ('[model_providers.z]\nwire_api = "soap"\n', (2, 12, 2, 17), "`responses`, `chat`, `messages`"),
    ('[projects."/x"] # a "quoted" key\ntrust_level = "maybe"\n', (2, 15, 2, 21), "`trusted`, `untrusted`"),
    ('[profiles.fast]\nmodel = "m"\nmodel_verbosity = "loud"\n', (3, 19, 3, 24), "`low`, `medium`, `high`"),
    ("[shell_environment_policy]\nset = { A = 1 }\n", (2, 13, 2, 13), "expected a string"),
    ('model = "é"\r\nmodel_context_window = "é"\r\n', (2, 24, 2, 26), "expected an integer"),
    ('x = """\nmodel = 1\n"""\nmodel = 1979-05-27 07:32:00 # when\n', (4, 9, 4, 27), "expected a string"),
    ("model_providers = 3\n", (1, 19, 1, 19), "expected a table"),
]


@pytest.mark.parametrize(("text", "span", "message"), TYPE_ERRORS)
def test_type_errors(loaded: Loaded, home: Path, text: str, span: tuple[int, ...], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(text)
    error = caught.value
    assert error.span == Span(*span)
    assert message in error.message
    assert str(error) == f"{home / 'config.toml'}:{span[0]}:{span[1]}: {error.message}"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('model = "m"\nx = = 2\n', 2, 5),
        ('model = "unclosed\n', 1, 18),
        ('model = "a"\nmodel = "b"\n', 2, 1),
        ("[a]\n[a]\n", 2, 1),
        ("model = [1,\n", 2, 1),
        ("model = ", 1, 9),
    ],
)
def test_syntax_errors(loaded: Loaded, home: Path, text: str, line: int, column: int) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(text)
    assert (caught.value.path, caught.value.line, caught.value.column) == (home / "config.toml", line, column)
    assert "(at " not in str(caught.value)


def test_bytes_that_are_not_text(loaded: Loaded, home: Path) -> None:
    loaded()
    (home / "config.toml").write_bytes(b'a = 1\nb = "\xff"\n')
    with pytest.raises(ConfigError, match=r"config\.toml:2:6: is not UTF-8 text"):
        _load(home)


def test_a_byte_order_mark_is_no_mistake(loaded: Loaded) -> None:
    assert loaded('\ufeffmodel = "a"\n').model == "a"


def test_a_directory_in_place_of_the_file(home: Path) -> None:
    (home / "config.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        _load(home)


def test_nesting_without_end(loaded: Loaded) -> None:
    with pytest.raises(ConfigError):
        loaded("a = " + "[" * 100_000)


def test_values_that_may_be_secrets_are_not_quoted(loaded: Loaded) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded('[model_providers.z]\nhttp_headers = "Bearer hush"\n')
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"model": 5}, "invalid type: expected a string, found an integer (in `model`)"),
        ({"tools.update_plan.enabled": "x"}, "expected a boolean, found a string (in `tools.update_plan.enabled`)"),
        ({"model_providers.z.env_key": 1}, "(in `model_providers.z.env_key`)"),
        ({"": 1}, "`` is not a configuration key"),
        ({"a..b": 1}, "`a..b` is not a configuration key"),
    ],
)
def test_errors_of_a_request(loaded: Loaded, override: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(request=override)
    assert message in str(caught.value)
    assert caught.value.path is None


def _load(home: Path) -> Config:
    from spindled.config.layers.load import load

    return load(home, cwd=home, environ={})
