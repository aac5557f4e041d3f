"""What a server answers that has no vendor's cloud behind it: one table, method by method.

The shapes and codes are those of the reference without a login (or with an API key, which its cloud does not take).
Nothing here pretends: what cannot be done is refused, and an empty list is a list of what there is. Methods whose
answer depends on more than that have a function of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from spindled.rpc.errors import INTERNAL_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, RpcError

if TYPE_CHECKING:
    from collections.abc import Callable

    from spindled.api.session import Session


class Told(NamedTuple):
    """A result that is always the same. `of_thread`: a thread that the params name must be loaded."""

    result: Mapping[str, Any]
    of_thread: bool = False


class Refused(NamedTuple):
    """An error. `{name}` in the message is that field of the params; `with_key` is what somebody is told who is logged
    in with an API key."""

    message: str
    with_key: str | None = None
    code: int = INVALID_REQUEST
    data: Mapping[str, str] | None = None
    of_thread: bool = False


def account(what: str) -> Refused:
    return Refused(f"codex account authentication required {what}", with_key=f"chatgpt authentication required {what}")


def catalog(what: str) -> Refused:
    needed = f"{what}: chatgpt authentication required for remote plugin catalog"
    return Refused(needed, with_key=f"{needed}; api key auth is not supported")


EMPTY = Told({})
REMOTE = "remote control requires ChatGPT authentication"
REMOTE_CONTROL = Refused(REMOTE, with_key=f"{REMOTE}; API key auth is not supported")
PAIRING = Refused("remote control pairing requires remote control to be enabled")
NO_VERIFICATION = "User verification is not available in this build or account."
VERIFICATION = Refused(
    NO_VERIFICATION, code=INTERNAL_ERROR, data={"type": "unavailable", "reason": "providerUnavailable"}
)
EVENTS = Refused("MCP event subscriptions are only supported for hosted apps")
IMPORT = Refused("nothing is imported from other agents by this server")
VOICES = ("juniper", "maple", "spruce", "ember", "vale", "breeze", "arbor", "sol", "cove")
MORE_VOICES = (
    *("aube", "bubbie", "haetsal", "hanul", "himari", "leher", "miko", "neer", "porto", "rindo", "rio", "rivage"),
    *("selva", "sonna", "tinta", "viola"),
)

ANSWERS: dict[str, Told | Refused] = {
    "account/bedrock/checkGovCloudRequirements": Told({"isGovCloud": False, "shouldWarn": False}),
    "account/bedrock/discover": Told({"profiles": [], "environmentCredentials": []}),
    "account/bedrock/setup": Refused("Amazon Bedrock is not supported; configure a provider of the model instead."),
    "account/gatewayOAuth/cancel": EMPTY,
    "account/gcp/setup": Refused(
        "Google Cloud is not supported; configure a provider of the model instead.",
        data={"reason": "authCommandFailed"},
    ),
    "account/rateLimitResetCredit/consume": account("for rate limit reset credits"),
    "account/rateLimits/read": account("to read rate limits"),
    "account/securitySetup/read": Told({"notice": None}),
    "account/sendAddCreditsNudgeEmail": account("to notify workspace owner"),
    "account/usage/read": account("to read token usage"),
    "account/workspaceMessages/read": account("to read workspace messages"),
    "accountSession/list": Told({"activeSessionId": None, "sessions": []}),
    "accountSession/switch": Refused("Workspace switching requires a managed ChatGPT login"),
    "app/installed": Told({"apps": []}, of_thread=True),
    "app/list": Told({"data": [], "nextCursor": None}, of_thread=True),
    "environment/add": Refused("remote environments are not supported"),
    "externalAgentConfig/detect": Told({"items": [], "connectors": []}),
    "externalAgentConfig/import": IMPORT,
    "externalAgentConfig/import/readHistories": Told({"data": [], "connectors": []}),
    "externalAgentConfig/import/recordHistory": IMPORT,
    "feedback/save": Refused("failed to save feedback: this server collects none", code=INTERNAL_ERROR),
    "feedback/upload": Refused("failed to upload feedback: this server sends none anywhere", code=INTERNAL_ERROR),
    "marketplace/add": Refused("marketplaces are not supported: there are no plugins in this server"),
    "marketplace/remove": Refused("marketplace `{marketplaceName}` is not configured or installed"),
    "mcpServer/event/stream/start": EVENTS,
    "mcpServer/event/stream/stop": EMPTY,
    "memory/status": Told({"v2ConsolidatedThreads": 0, "v2Ready": False}),
    "plugin/installed": Told({"marketplaces": [], "marketplaceLoadErrors": []}),
    "plugin/list": Told({"marketplaces": [], "marketplaceLoadErrors": [], "featuredPluginIds": []}),
    "plugin/reconcile": Told(
        {"changedPlugins": [], "failedRemotePluginIds": [], "failedMaterializationRemotePluginIds": []}
    ),
    "plugin/search": Told({"data": [], "nextCursor": None}),
    "plugin/share/checkout": catalog("checkout plugin share"),
    "plugin/share/delete": catalog("delete remote plugin share"),
    "plugin/share/list": catalog("list remote plugin shares"),
    "plugin/share/save": catalog("save remote plugin share"),
    "plugin/share/updateTargets": catalog("update remote plugin share targets"),
    "plugin/skill/read": catalog("read remote plugin skill details"),
    "remoteControl/client/list": REMOTE_CONTROL,
    "remoteControl/client/revoke": REMOTE_CONTROL,
    "remoteControl/enable": REMOTE_CONTROL,
    "remoteControl/pairing/start": PAIRING,
    "rollout/compress": EMPTY,
    "thread/approveGuardianDeniedAction": Refused("no action was denied by a guardian", of_thread=True),
    "thread/guardianReview": Refused("no guardian reviews the actions of this thread", of_thread=True),
    "thread/memory/read": Told({"summary": None}, of_thread=True),
    "thread/prediction/request": Refused("thread/prediction/request is not implemented yet", code=METHOD_NOT_FOUND),
    "thread/realtime/listVoices": Told(
        {
            "voices": {
                "v1": VOICES,
                "v2": ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"),
                "v3": (*VOICES, *MORE_VOICES),
                "defaultV1": "cove",
                "defaultV2": "marin",
            }
        }
    ),
    "userVerification/cancel": EMPTY,
    "userVerification/delete": VERIFICATION,
    "userVerification/enroll": VERIFICATION,
    "userVerification/status": Told(
        {
            "credentialId": None,
            "unavailableReason": "providerUnavailable",
            "unavailableMessage": NO_VERIFICATION,
        }
    ),
    "userVerification/verify": VERIFICATION,
    "windowsSandbox/readiness": Told({"status": "notConfigured"}),
}


def answering(method: str) -> Callable[[Session, Any], Any]:
    """The handler of a method of the table."""
    from spindled.agent.settings import given
    from spindled.api.errors import handler
    from spindled.api.threads.ids import thread_id

    answer = ANSWERS[method]

    @handler
    def answered(session: Session, params: Any) -> Mapping[str, Any]:
        if answer.of_thread and given(params.threadId):
            session.application.threads.get(thread_id(params.threadId))
        if isinstance(answer, Told):
            return answer.result
        raise session.refusal(answer, params)

    return answered


def refusal(answer: Refused, params: Any, *, logged_in: bool) -> RpcError:
    text = answer.with_key if logged_in and answer.with_key is not None else answer.message
    names = params.__struct_fields__ if params is not None else ()
    return RpcError(answer.code, text.format_map({n: str(getattr(params, n))[:100] for n in names}), answer.data)
