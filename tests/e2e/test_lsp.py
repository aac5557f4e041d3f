"""An editor that knows nothing of agents, served through the standard; the client is pytest-lsp's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, client_capabilities

from tests.support.home import language_command
from tests.support.pretend_editor import PretendEditor

PATCH = "patch\n    *** Begin Patch\n    *** Update File: {name}\n    @@\n    -{old}\n    +{new}\n    *** End Patch"


def config(*arguments: str) -> ClientServerConfig:
    command = language_command("-c", "model_provider=scripted", "-c", "sandbox_mode=danger-full-access", *arguments)
    return ClientServerConfig(server_command=command, client_factory=PretendEditor)


def everything() -> types.ClientCapabilities:
    """Those of Visual Studio Code."""
    return client_capabilities("visual-studio-code")


@pytest_lsp.fixture(config=config("-c", "approval_policy=never"))
async def editor(lsp_client: PretendEditor) -> AsyncIterator[None]:
    await lsp_client.begin(everything())
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(config=config("-c", "approval_policy=untrusted"))
async def careful(lsp_client: PretendEditor) -> AsyncIterator[None]:
    await lsp_client.begin(everything())
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(config=config("-c", "approval_policy=never"))
async def fresh(lsp_client: PretendEditor) -> AsyncIterator[None]:
    yield
    await lsp_client.shutdown_session()


# -- what is announced


async def test_capabilities(fresh: PretendEditor) -> None:
    told = (await fresh.begin(everything())).capabilities
    assert isinstance(told.text_document_sync, types.TextDocumentSyncOptions)
    assert told.text_document_sync.change is types.TextDocumentSyncKind.Incremental
    assert told.execute_command_provider is not None
    assert "spindled.ask" in told.execute_command_provider.commands
    assert told.workspace is not None
    assert told.workspace.workspace_folders is not None
    assert told.workspace.workspace_folders.supported
    wire = told.experimental["spindled"]
    assert {"thread/start", "turn/start", "turn/interrupt"} <= set(wire["methods"])
    assert "item/commandExecution/requestApproval" in wire["requests"]
    assert "turn/completed" in wire["notifications"]


@pytest.mark.parametrize("kind", list(types.PositionEncodingKind))
async def test_position_encodings(fresh: PretendEditor, kind: types.PositionEncodingKind) -> None:
    capabilities = everything()
    assert capabilities.general is not None
    capabilities.general.position_encodings = [kind]
    fresh.protocol_encoding = kind
    assert (await fresh.begin(capabilities)).capabilities.position_encoding == kind
    fresh.file("a.txt", "")
    uri = fresh.open("a.txt", "x")
    place = types.Position(0, 1)
    fresh.change(uri, types.TextDocumentContentChangePartial(types.Range(place, place), "😋é|"), "x😋é|")
    units = {"utf-8": 7, "utf-16": 4, "utf-32": 3}[kind.value]
    end = types.Position(0, units)
    fresh.change(uri, types.TextDocumentContentChangePartial(types.Range(end, end), "!"), "x😋é!|")
    await fresh.command("ask", text='call read_file {"path":"a.txt"}')
    await fresh.until(lambda: any("x😋é!|" in message.message for message in fresh.log_messages))


# -- turns


async def test_ask_shows_progress_and_opens_the_transcript(editor: PretendEditor) -> None:
    started = await editor.command("ask", text="say The answer.")
    shown = await editor.until(lambda: editor.shown_documents)
    assert shown[0].uri.endswith(f"{started['threadId']}.md")
    path = editor.home.path / "transcripts" / f"{started['threadId']}.md"
    assert "## Agent\n\nThe answer." in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert editor.progress()[0] == "begin thinking"
    assert editor.progress()[-1] == "end done"


async def test_cancelled_progress_interrupts(editor: PretendEditor) -> None:
    await editor.command("ask", text="stream 100000 words every 5 ms")
    await editor.until(lambda: "report writing" in editor.progress())
    (token,) = editor.progress_reports
    editor.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token=token))
    await editor.until(lambda: editor.progress()[-1] == "end interrupted")


async def test_compaction_is_progress_too(editor: PretendEditor) -> None:
    thread = (await editor.command("ask", text="say One."))["threadId"]
    await editor.until(lambda: "end done" in editor.progress())
    await editor.wire("thread/compact/start", threadId=thread)
    await editor.until(lambda: any("making room" in report for report in editor.progress()))
    await editor.until(lambda: len([report for report in editor.progress() if report.startswith("end")]) == 2)


async def test_a_failed_turn_is_told(editor: PretendEditor) -> None:
    await editor.command("ask", text="fail failed invalid_prompt")
    await editor.until(editor.shown("The agent failed"))
    assert "end failed" in editor.progress()


async def test_a_second_question_goes_on_in_the_thread(editor: PretendEditor) -> None:
    first = await editor.command("ask", text="say One.")
    await editor.until(lambda: len(editor.shown_documents) == 1)
    assert (await editor.command("ask", text="say Two."))["threadId"] == first["threadId"]
    await editor.until(lambda: len(editor.shown_documents) == 2)
    await editor.command("openThread")
    await editor.until(lambda: len(editor.shown_documents) == 3)
    assert editor.shown_documents[2].take_focus


async def test_a_review_of_what_is_not_committed(editor: PretendEditor) -> None:
    started = await editor.command("review")
    await editor.until(lambda: editor.shown_documents)
    assert editor.shown_documents[0].uri.endswith(f"{started['threadId']}.md")
    assert "end done" in editor.progress()


async def test_commands_that_make_no_sense_are_refused(editor: PretendEditor) -> None:
    for name, argument in [("ask", {}), ("fix", {}), ("undo", {}), ("explain", {"uri": "file:///no/such"})]:
        with pytest.raises(JsonRpcException) as refused:
            await editor.command(name, **argument)
        assert refused.value.code == -32602
        assert refused.value.data is None


# -- approvals


async def test_approvals_are_prompts(careful: PretendEditor) -> None:
    careful.choose = lambda params: params.actions[0].title if params.actions else None
    await careful.command("ask", text="run touch made")
    await careful.until(lambda: "end done" in careful.progress())
    (prompt,) = careful.prompts
    assert "touch made" in prompt.message
    assert [action.title for action in prompt.actions or []][-2:] == ["Decline", "Decline and stop"]
    assert (careful.home.workspace / "made").exists()


async def test_no_answer_declines(careful: PretendEditor) -> None:
    await careful.command("ask", text="run touch made")
    await careful.until(lambda: "end done" in careful.progress())
    assert len(careful.prompts) == 1
    assert not (careful.home.workspace / "made").exists()


async def test_a_patch_is_asked_about_by_its_files(careful: PretendEditor) -> None:
    careful.choose = lambda params: "Apply"
    await careful.command("ask", text="write note.txt written")
    await careful.until(lambda: "end done" in careful.progress())
    assert "add " in careful.prompts[0].message
    assert "note.txt" in careful.prompts[0].message
    assert (careful.home.workspace / "note.txt").read_text() == "written\n"


# -- code actions


def at(start: tuple[int, int], end: tuple[int, int]) -> types.Range:
    return types.Range(types.Position(*start), types.Position(*end))


async def actions(editor: PretendEditor, uri: str, place: types.Range, *diagnostics: types.Diagnostic) -> list[Any]:
    context = types.CodeActionContext(diagnostics=[*diagnostics])
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri), place, context)
    return [*(await editor.text_document_code_action_async(params) or [])]


async def test_fix_a_diagnostic_in_the_buffer(editor: PretendEditor) -> None:
    editor.file("a.txt", "one\ntwo\n")
    uri = editor.open("a.txt", "one\nreplace a.txt wrong -> right\nwrong\n")
    diagnostic = types.Diagnostic(at((2, 0), (2, 5)), "it is wrong", source="lint", code="W1")
    offered = await actions(editor, uri, diagnostic.range, diagnostic)
    fix = next(action for action in offered if action.kind == types.CodeActionKind.QuickFix)
    assert fix.title == "Fix with agent: it is wrong"
    await editor.workspace_execute_command_async(
        types.ExecuteCommandParams(command=fix.command.command, arguments=fix.command.arguments)
    )
    await editor.until(lambda: any("it is wrong" in message.message for message in editor.log_messages))
    (thread,) = (editor.home.path / "transcripts").iterdir()
    brief = thread.read_text()
    assert "line 3, column 1 to line 3, column 6: it is wrong (lint W1)" in brief
    assert "```\nwrong\n```" in brief


async def test_actions_for_a_selection(editor: PretendEditor) -> None:
    uri = editor.open("a.txt", "one\ntwo\n")
    nowhere = await actions(editor, uri, at((0, 0), (0, 0)))
    assert [action.title for action in nowhere] == ["Explain"]
    titles = [action.title for action in await actions(editor, uri, at((0, 0), (1, 0)))]
    assert [title for title in titles if title.startswith("Refactor with agent: ")]
    context = types.CodeActionContext(diagnostics=[], only=[types.CodeActionKind.Refactor])
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri), at((0, 0), (1, 0)), context)
    only = await editor.text_document_code_action_async(params)
    assert {getattr(action, "kind", None) for action in only or []} == {types.CodeActionKind.RefactorRewrite}


# -- buffers


async def test_a_patch_of_an_open_document_goes_through_the_editor(editor: PretendEditor) -> None:
    path = editor.file("a.txt", "saved\nkeep\n")
    editor.open("a.txt", "saved\nkeep\n")
    editor.type("a.txt", "typed 😋\nkeep\n")
    await editor.command("ask", text=PATCH.format(name="a.txt", old="typed 😋", new="patched"))
    await editor.until(lambda: "end done" in editor.progress())
    assert editor.text("a.txt") == "patched\nkeep\n"
    assert path.read_text() == "saved\nkeep\n"
    (edit,) = editor.edits
    (change,) = edit.edit.document_changes or []
    assert isinstance(change, types.TextDocumentEdit)
    (made,) = change.edits
    assert isinstance(made, types.AnnotatedTextEdit)
    assert made.annotation_id in (edit.edit.change_annotations or {})
    assert made.range == at((0, 0), (1, 0))


async def test_typing_is_never_overwritten(editor: PretendEditor) -> None:
    editor.file("a.txt", "old\n")
    other = editor.file("b.txt", "old\n")
    editor.open("a.txt", "old\n")
    editor.before_edit = lambda: editor.type("a.txt", "old, and more\n")
    patch = PATCH.format(name="b.txt", old="old", new="new").replace(
        "    *** End Patch", "    *** Update File: a.txt\n    @@\n    -old\n    +new\n    *** End Patch"
    )
    await editor.command("ask", text=patch)
    await editor.until(editor.shown("The agent's edit was not made"))
    await editor.until(lambda: "end done" in editor.progress())
    assert editor.text("a.txt") == "old, and more\n"
    assert other.read_text() == "old\n"
    await editor.until(lambda: any("was not applied" in message.message for message in editor.log_messages))


async def test_an_editor_that_takes_no_edits(fresh: PretendEditor) -> None:
    capabilities = everything()
    assert capabilities.workspace is not None
    capabilities.workspace.apply_edit = False
    await fresh.begin(capabilities)
    saved, unsaved = fresh.file("saved.txt", "old\n"), fresh.file("unsaved.txt", "disk\n")
    fresh.open("saved.txt", "old\n")
    fresh.open("unsaved.txt", "old\n")
    await fresh.command("ask", text=PATCH.format(name="saved.txt", old="old", new="new"))
    await fresh.until(lambda: "end done" in fresh.progress())
    assert saved.read_text() == "new\n"
    await fresh.command("ask", text=PATCH.format(name="unsaved.txt", old="old", new="new"))
    await fresh.until(fresh.shown("has unsaved changes"))
    assert unsaved.read_text() == "disk\n"
    assert fresh.edits == []


async def test_undo(editor: PretendEditor) -> None:
    path = editor.file("a.txt", "one\n")
    editor.open("a.txt", "one\n")
    await editor.command("ask", text=PATCH.format(name="a.txt", old="one", new="two") + "\nwrite b.txt new")
    await editor.until(lambda: "end done" in editor.progress())
    assert editor.text("a.txt") == "two\n"
    undone = await editor.command("undo")
    assert {name.rsplit("/", 1)[-1] for name in undone["files"]} == {"a.txt", "b.txt"}
    assert editor.text("a.txt") == path.read_text() == "one\n"
    assert not (editor.home.workspace / "b.txt").exists()
    with pytest.raises(JsonRpcException, match="no edits to undo"):
        await editor.command("undo")


async def test_undo_keeps_what_was_typed_since(editor: PretendEditor) -> None:
    editor.file("a.txt", "one\n")
    editor.open("a.txt", "one\n")
    await editor.command("ask", text=PATCH.format(name="a.txt", old="one", new="two"))
    await editor.until(lambda: "end done" in editor.progress())
    editor.type("a.txt", "two and mine\n")
    with pytest.raises(JsonRpcException, match="was changed since"):
        await editor.command("undo")
    assert editor.text("a.txt") == "two and mine\n"


async def test_the_last_word_of_a_client_that_waits(editor: PretendEditor) -> None:
    """Requests of the wire and of the standard at once."""
    answers = await asyncio.gather(
        *(editor.wire("thread/loaded/list") for _ in range(50)),
        *(actions(editor, editor.open(f"{n}.txt", ""), at((0, 0), (0, 0))) for n in range(50)),
    )
    assert len(answers) == 100
