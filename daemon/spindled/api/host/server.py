"""What clients may ask about the process and the machine that it runs on."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from spindled.agent.settings import either
from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.api.settings.toolbox import tool_options
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.tools.commands.shell import user_shell
from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    EnvironmentInfoResponse,
    EnvironmentShellInfo,
    EnvironmentStatusResponse,
    MockExperimentalMethodResponse,
    ServerDiagnosticsGauge,
    ServerDiagnosticsProcess,
    ServerDiagnosticsResponse,
    WindowsSandboxSetupCompletedNotification,
    WindowsSandboxSetupStartResponse,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import (
        EnvironmentInfoParams,
        EnvironmentStatusParams,
        MockExperimentalMethodParams,
        ServerDiagnosticsParams,
        WindowsSandboxSetupStartParams,
    )

LOCAL = "local"  # the one environment: this machine


@handler
def server_diagnostics(session: Session, params: ServerDiagnosticsParams) -> ServerDiagnosticsResponse:
    threads = list(session.application.threads)
    gauges = {"app.threads.loaded": len(threads), "app.turns.running": sum(thread.turns.engaged for thread in threads)}
    return ServerDiagnosticsResponse(
        process=ServerDiagnosticsProcess(id=os.getpid(), residentMemoryBytes=resident_bytes()),
        gauges=[ServerDiagnosticsGauge(name=name, value=value) for name, value in gauges.items()],
    )


def resident_bytes() -> int | None:
    """The memory that this process holds; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


@handler
def environment_info(session: Session, params: EnvironmentInfoParams) -> EnvironmentInfoResponse:
    if params.environmentId != LOCAL:
        raise RpcError(INVALID_REQUEST, unknown_environment(params.environmentId))
    cwd = working_directory(None)
    path = user_shell(tool_options(session.application.config(cwd)))
    return EnvironmentInfoResponse(shell=EnvironmentShellInfo(name=PurePath(path).name, path=path), cwd=cwd.as_uri())


@handler
def environment_status(session: Session, params: EnvironmentStatusParams) -> EnvironmentStatusResponse:
    if params.environmentId == LOCAL:
        return EnvironmentStatusResponse(status="ready", error=UNSET)
    return EnvironmentStatusResponse(status="unknown", error=unknown_environment(params.environmentId))


def unknown_environment(name: str) -> str:
    return f"unknown environment id `{name[:100]}`"


@handler
def windows_sandbox_setup_start(session: Session, params: WindowsSandboxSetupStartParams) -> Then:
    """The reference's answer on another system: it starts, and fails."""
    notice = WindowsSandboxSetupCompletedNotification(
        mode=params.mode, success=False, error="the Windows sandbox is only supported on Windows"
    )
    return Then(
        WindowsSandboxSetupStartResponse(started=True),
        lambda: session.connection.notify("windowsSandbox/setupCompleted", notice),
    )


@handler
def mock_experimental_method(session: Session, params: MockExperimentalMethodParams) -> MockExperimentalMethodResponse:
    """For clients to try whether they may use what is experimental."""
    return MockExperimentalMethodResponse(echoed=either(params.value, None))
