"""fs/*: the host's files, with the rights of the daemon. Each request works in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spindled.agent.settings import either
from spindled.api.errors import handler
from spindled.api.host import base64
from spindled.api.host.paths import absolute_path
from spindled.api.host.system import system_error
from spindled.files import copying, operations
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import (
    FsCopyResponse,
    FsCreateDirectoryResponse,
    FsGetMetadataResponse,
    FsReadDirectoryEntry,
    FsReadDirectoryResponse,
    FsReadFileResponse,
    FsRemoveResponse,
    FsWriteFileResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import (
        FsCopyParams,
        FsCreateDirectoryParams,
        FsGetMetadataParams,
        FsReadDirectoryParams,
        FsReadFileParams,
        FsRemoveParams,
        FsWriteFileParams,
    )


@handler
async def fs_read_file(session: Session, params: FsReadFileParams) -> FsReadFileResponse:
    path = await allowed_path(session, params.path)
    return FsReadFileResponse(dataBase64=await working(lambda: base64.encode(operations.read_file(path))))


@handler
async def fs_write_file(session: Session, params: FsWriteFileParams) -> FsWriteFileResponse:
    path = await allowed_path(session, params.path)
    await working(lambda: operations.write_file(path, given_bytes(params.dataBase64)))
    return FsWriteFileResponse()


def given_bytes(text: str) -> bytes:
    try:
        return base64.decode(text)
    except ValueError as error:
        raise operations.Refused(f"fs/writeFile requires valid base64 dataBase64: {error}") from None


@handler
async def fs_create_directory(session: Session, params: FsCreateDirectoryParams) -> FsCreateDirectoryResponse:
    path, recursive = await allowed_path(session, params.path), either(params.recursive, True)
    await working(operations.create_directory, path, recursive=recursive)
    return FsCreateDirectoryResponse()


@handler
async def fs_get_metadata(session: Session, params: FsGetMetadataParams) -> FsGetMetadataResponse:
    found = await working(operations.metadata, await allowed_path(session, params.path))
    return FsGetMetadataResponse(
        isDirectory=found.is_directory,
        isFile=found.is_file,
        isSymlink=found.is_symlink,
        createdAtMs=found.created_ms,
        modifiedAtMs=found.modified_ms,
    )


@handler
async def fs_read_directory(session: Session, params: FsReadDirectoryParams) -> FsReadDirectoryResponse:
    entries = await working(operations.read_directory, await allowed_path(session, params.path))
    shown = [FsReadDirectoryEntry(fileName=name, isDirectory=folder, isFile=file) for name, folder, file in entries]
    return FsReadDirectoryResponse(entries=shown)


@handler
async def fs_remove(session: Session, params: FsRemoveParams) -> FsRemoveResponse:
    path = await allowed_path(session, params.path, follow=False)
    recursive, force = either(params.recursive, True), either(params.force, True)
    await working(operations.remove, path, recursive=recursive, force=force)
    return FsRemoveResponse()


@handler
async def fs_copy(session: Session, params: FsCopyParams) -> FsCopyResponse:
    source = await allowed_path(session, params.sourcePath, follow=False)
    destination = await allowed_path(session, params.destinationPath)
    check, recursive = session.application.roots.require, either(params.recursive, False)
    await working(copying.copy, source, destination, recursive=recursive, check=check)
    return FsCopyResponse()


async def allowed_path(session: Session, text: str, *, follow: bool = True) -> Path:
    """An absolute path that the client may use; raises RpcError, ConfigError."""
    path, roots = absolute_path(text), session.application.roots
    if roots.limited:
        await working(roots.require, path, follow=follow)
    return path


async def working(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """What `work` gives, run in a thread; raises RpcError for what it refuses."""
    try:
        return await asyncio.to_thread(work, *args, **options)
    except operations.Refused as error:
        raise RpcError(INVALID_REQUEST, str(error)) from None
    except OSError as error:
        raise system_error(error) from error
