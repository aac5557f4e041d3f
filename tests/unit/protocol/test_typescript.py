"""The wire as TypeScript; that a compiler takes it is shown in tests/clients."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

from spindled_protocol.typescript import typescript


@pytest.fixture(scope="module", params=[True, False], ids=["experimental", "stable"])
def files(request: pytest.FixtureRequest) -> dict[str, str]:
    return typescript(experimental=request.param)


def test_every_import_leads_to_a_file_that_exports_it(files: dict[str, str]) -> None:
    for path, text in files.items():
        for name, target in re.findall(r'^(?:import|export) type \{ (\w+) \} from "(\S+)";$', text, re.MULTILINE):
            found = _joined(PurePosixPath(path).parent, target)
            assert f"export type {name} = " in files[f"{found}.ts"], (path, name)


def _joined(folder: PurePosixPath, target: str) -> PurePosixPath:
    for part in PurePosixPath(target).parts:
        folder = folder.parent if part == ".." else folder / part
    return folder


def test_every_type_is_in_an_index(files: dict[str, str]) -> None:
    for path in files:
        folder, name = PurePosixPath(path).parent, PurePosixPath(path).stem
        if name != "index" and str(folder) in (".", "v2"):
            assert f'export type {{ {name} }} from "./{name}";' in files[str(folder / "index.ts")]


@pytest.mark.parametrize(
    ("path", "declaration"),
    [
        ("v2/TurnStatus.ts", 'export type TurnStatus = "completed" | "interrupted" | "failed" | "inProgress";'),
        ("RequestId.ts", "export type RequestId = string | number;"),
        ("v2/TurnInterruptParams.ts", "export type TurnInterruptParams = { threadId: string, turnId: string };"),
        ("ClientNotification.ts", 'export type ClientNotification = { "method": "initialized" };'),
        ("v2/TurnInterruptResponse.ts", "export type TurnInterruptResponse = Record<string, never>;"),
        ("GetConversationSummaryParams.ts", "= { rolloutPath: string } | { conversationId: ThreadId };"),
        ("ClientRequest.ts", '{ "method": "gitDiffToRemote", id: RequestId, params: GitDiffToRemoteParams }'),
        ("ConversationSummary.ts", '"exec" | "mcp" | "unknown"'),
    ],
)
def test_declarations(files: dict[str, str], path: str, declaration: str) -> None:
    assert declaration in files[path]


def test_what_may_be_absent_and_what_may_be_null(files: dict[str, str]) -> None:
    assert "threadId: string, " in files["v2/TurnStartParams.ts"]
    assert "model?: string | null" in files["v2/TurnStartParams.ts"]
    assert "({ url: string } | { fileId: string })" in files["v2/UserInput.ts"]
