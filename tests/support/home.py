"""A home and a workspace of their own for a daemon under test, standard library only."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORGOTTEN = ("CODEX_", "SPINDLED_", "OPENAI_", "ANTHROPIC_")
"""Variables with these prefixes do not reach the daemon."""


def daemon_command(*arguments: str) -> list[str]:
    """`spindled app-server ARGUMENTS` with the interpreter that runs the tests."""
    return [sys.executable, "-m", "spindled", "app-server", *arguments]


def language_command(*arguments: str) -> list[str]:
    """`spindled lsp ARGUMENTS` with the interpreter that runs the tests."""
    return [sys.executable, "-m", "spindled", "lsp", *arguments]


@dataclass(frozen=True)
class Home:
    """Paths of one daemon's world."""

    path: Path
    workspace: Path

    @classmethod
    def create(cls, parent: Path) -> Home:
        home = cls((parent / "home").resolve(), (parent / "workspace").resolve())
        home.path.mkdir(mode=0o700)
        home.workspace.mkdir()
        return home

    def environment(self, **more: str) -> dict[str, str]:
        """The caller's environment with this home, and without what would lead a daemon elsewhere."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FORGOTTEN)}
        return {**kept, "HOME": str(self.path), "SPINDLED_HOME": str(self.path), **more}

    def write_config(
        self,
        base_url: str,
        *,
        tables: str = "",
        provider: dict[str, Any] | None = None,
        providers: dict[str, dict[str, Any]] | None = None,
        **top: Any,
    ) -> Path:
        """A config.toml with a provider `test` at `base_url`; keywords are top-level keys, `provider` its own keys,
        `providers` those of further providers."""
        keys = {
            "model": "gpt-5.5",
            "model_provider": "test",
            "approval_policy": "never",
            "sandbox_mode": "danger-full-access",
            **top,
        }
        provider = {
            "name": "test",
            "base_url": base_url,
            "wire_api": "responses",
            "request_max_retries": 2,
            "stream_max_retries": 2,
            "stream_idle_timeout_ms": 10_000,
            **(provider or {}),
        }
        tables += "".join(f"\n[model_providers.{name}]\n{_toml(own)}" for name, own in (providers or {}).items())
        trust = f'[projects.{json.dumps(str(self.workspace))}]\ntrust_level = "trusted"\n'
        text = f"{_toml(keys)}\n[model_providers.test]\n{_toml(provider)}\n{trust}\n{tables}"
        path = self.path / "config.toml"
        path.write_text(text)
        return path


def _toml(keys: dict[str, Any]) -> str:
    """Strings, numbers, booleans and lists of them read the same in TOML as in JSON."""
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in keys.items())
