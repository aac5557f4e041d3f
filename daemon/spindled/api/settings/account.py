"""account/*: the one account that there is without a vendor's cloud, an API key."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.config.home.login import usable_key
from spindled.rpc.connection import Then
from spindled.rpc.errors import INTERNAL_ERROR, INVALID_REQUEST, RpcError
from spindled_protocol.types import (
    AccountLoginCompletedNotification,
    AccountUpdatedNotification,
    ApiKeyAccount,
    ApiKeyLoginAccountParams,
    ApiKeyLoginAccountResponse,
    CancelLoginAccountResponse,
    GetAccountResponse,
    GetAuthStatusResponse,
    LogoutAccountResponse,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from spindled.api.application import Application
    from spindled.api.session import Session
    from spindled.config.schema import Config
    from spindled_protocol.types import (
        CancelLoginAccountParams,
        GetAccountParams,
        GetAuthStatusParams,
        LoginAccountParams,
    )

NO_CHATGPT = "ChatGPT login is disabled. Use API key login instead."
OTHERS = {
    "chatgptAuthTokens": "External ChatGPT auth is disabled. Use API key login instead.",
    "amazonBedrock": "Amazon Bedrock login is disabled. Use API key login instead.",
    "amazonBedrockAccessKeys": "Amazon Bedrock login is disabled. Use API key login instead.",
}


@handler
def account_read(session: Session, params: GetAccountParams) -> GetAccountResponse:
    """A key from the environment is an account too: nobody has to log in who has one."""
    application = session.application
    config = application.config(working_directory(None))
    return GetAccountResponse(
        account=ApiKeyAccount() if has_key(application, config) else None,
        requiresOpenaiAuth=config.provider.requires_openai_auth,
    )


@handler
def get_auth_status(session: Session, params: GetAuthStatusParams) -> GetAuthStatusResponse:
    """The key only to who asks for it, and only one that was logged in with: others are not ours to hand out."""
    application = session.application
    config = application.config(working_directory(None))
    known = has_key(application, config)
    return GetAuthStatusResponse(
        authMethod="apikey" if known else None,
        authToken=application.login.key() if known and params.includeToken else None,
        requiresOpenaiAuth=config.provider.requires_openai_auth,
    )


def has_key(application: Application, config: Config) -> bool:
    """Whether the provider takes an OpenAI account, and there is one."""
    provider = config.provider
    if not provider.requires_openai_auth:
        return False
    named = provider.experimental_bearer_token or provider.auth or application.login.key()
    return bool(named or (provider.env_key and os.environ.get(provider.env_key, "").strip()))


@handler
def account_login_start(session: Session, params: LoginAccountParams) -> Then:
    """Only an API key can be logged in with: the file that keeps it is the user's alone."""
    if not isinstance(params, ApiKeyLoginAccountParams):
        raise RpcError(INVALID_REQUEST, OTHERS.get(str(params.__struct_config__.tag), NO_CHATGPT))
    application = session.application
    if application.config(working_directory(None)).table.get("forced_login_method") == "chatgpt":
        raise RpcError(INVALID_REQUEST, "API key login is disabled. Use ChatGPT login instead.")
    key = usable_key(params.apiKey)
    if key is None:
        raise RpcError(INVALID_REQUEST, "The API key must be one word of printable ASCII.")
    keep(lambda: application.login.store(key), "save")

    def tell() -> None:
        application.notify("account/login/completed", AccountLoginCompletedNotification(success=True))
        application.notify("account/updated", AccountUpdatedNotification(authMode="apikey"))

    return Then(ApiKeyLoginAccountResponse(), tell)


@handler
def account_login_cancel(session: Session, params: CancelLoginAccountParams) -> CancelLoginAccountResponse:
    """No login takes longer than its request, so there is none to cancel."""
    try:
        uuid.UUID(params.loginId)
    except ValueError:
        raise RpcError(INVALID_REQUEST, f"invalid login id: {params.loginId[:100]}") from None
    return CancelLoginAccountResponse(status="notFound")


@handler
def account_logout(session: Session, params: None) -> Then:
    application = session.application
    keep(application.login.forget, "remove")
    return Then(LogoutAccountResponse(), lambda: application.notify("account/updated", AccountUpdatedNotification()))


def keep(change: Callable[[], None], what: str) -> None:
    """Change the file of the login; raises RpcError."""
    try:
        change()
    except OSError as error:
        raise RpcError(INTERNAL_ERROR, f"failed to {what} the login: {error.strerror}") from error
