"""remoteControl/*: it is off, and stays so."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from spindled.agent.settings import given
from spindled.api.cloudless import cloudless
from spindled.api.errors import handler
from spindled.config.home.installation import installation_id
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled_protocol.types import RemoteControlDisableResponse, RemoteControlStatusReadResponse

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled_protocol.types import RemoteControlDisableParams, RemoteControlPairingStatusParams


@handler
def remote_control_status_read(session: Session, params: None) -> RemoteControlStatusReadResponse:
    return RemoteControlStatusReadResponse(
        status="disabled", serverName=platform.node(), installationId=installation_id(session.application.home)
    )


@handler
def remote_control_disable(session: Session, params: RemoteControlDisableParams) -> RemoteControlDisableResponse:
    """For this run only there is nothing to do; to remember it takes the vendor's account."""
    if params.ephemeral is not True:
        raise session.refusal(cloudless.REMOTE_CONTROL, params)
    return RemoteControlDisableResponse(
        status="disabled", serverName=platform.node(), installationId=installation_id(session.application.home)
    )


@handler
def remote_control_pairing_status(session: Session, params: RemoteControlPairingStatusParams) -> None:
    match (given(params.pairingCode), given(params.manualPairingCode)):
        case (False, False):
            problem = "requires pairingCode or manualPairingCode"
        case (True, True):
            problem = "accepts either pairingCode or manualPairingCode, not both"
        case _:
            raise session.refusal(cloudless.PAIRING, params)
    raise RpcError(INVALID_REQUEST, f"remoteControl/pairing/status {problem}")
