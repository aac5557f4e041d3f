"""The settings we know, as one Struct, and the effective configuration made of them.

Field names are the keys of config.toml. Every field has a default, so that any part of a file validates by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct, field

from spindled.config.masking import masked
from spindled.config.mcp import McpServer
from spindled.config.models.budget import Budgets, Count, ModelPrice

if TYPE_CHECKING:
    from spindled.config.errors import ConfigWarning
    from spindled.config.layers.layers import Layer, Stamp

Effort = Annotated[str, Meta(min_length=1)]  # an open set on the wire: low, medium, high ...
ReasoningSummary = Literal["auto", "concise", "detailed", "none"]
Verbosity = Literal["low", "medium", "high"]
SandboxMode = Literal["read-only", "workspace-write", "danger-full-access"]
TrustLevel = Literal["trusted", "untrusted"]
WireApi = Literal["responses", "chat", "messages"]

DEFAULT_MODEL = "gpt-5.5"
DEFAULT_PROVIDER = "openai"
ROOT_MARKERS = (".git",)


class GranularApproval(Struct, frozen=True, kw_only=True):
    """Which kinds of question reach the user; a kind that is off is refused without asking."""

    sandbox_approval: bool = False
    rules: bool = False
    skill_approval: bool = False
    request_permissions: bool = False
    mcp_elicitations: bool = False


class GranularPolicy(Struct, frozen=True, kw_only=True):
    granular: GranularApproval = GranularApproval()


# "on-failure" is an older name for "on-request"; Config never holds it
ApprovalPolicy = Literal["untrusted", "on-request", "on-failure", "never"] | GranularPolicy


class WorkspaceWrite(Struct, frozen=True, kw_only=True):
    writable_roots: list[str] = []  # absolute once loaded
    network_access: bool = False
    exclude_tmpdir_env_var: bool = False
    exclude_slash_tmp: bool = False


class ShellEnvironmentPolicy(Struct, frozen=True, kw_only=True):
    """What of the daemon's environment the commands of a model see. `set` may hold secrets."""

    inherit: Literal["all", "core", "none"] = "all"
    ignore_default_excludes: bool = True  # False: names with KEY, SECRET or TOKEN in them are left out
    exclude: list[str] = []
    include_only: list[str] = []
    set: dict[str, str] = {}

    def __repr__(self) -> str:
        return masked(self, {"set"})


class UpdatePlanTool(Struct, frozen=True, kw_only=True):
    enabled: bool = False


class Tools(Struct, frozen=True, kw_only=True):
    update_plan: UpdatePlanTool = UpdatePlanTool()
    view_image: bool = True
    web_search: bool | dict[str, Any] = False
    dynamic_timeout_sec: Count = 1_800  # that a client may take to run a tool of its own; 0: no limit


class SkillSwitch(Struct, frozen=True, kw_only=True):
    """Turns a skill on or off, by its name or its SKILL.md."""

    name: str | None = None
    path: str | None = None
    enabled: bool = True


class Skills(Struct, frozen=True, kw_only=True):
    config: list[SkillSwitch] = []


class Project(Struct, frozen=True, kw_only=True):
    trust_level: TrustLevel | None = None


class AuthCommand(Struct, frozen=True, kw_only=True):
    """A command that prints a provider's bearer token. Times in milliseconds; `repr()` masks its arguments."""

    command: Annotated[str, Meta(min_length=1)]
    args: list[str] = []
    timeout_ms: Annotated[int, Meta(ge=1)] = 5_000
    refresh_interval_ms: Count = 300_000  # 0: only when the provider refuses the token
    cwd: str | None = None  # absolute once loaded

    def __repr__(self) -> str:
        return masked(self, {"args"})


class Provider(Struct, frozen=True, kw_only=True):
    """A model endpoint. `repr()` masks every value that can hold a secret."""

    id: str = ""  # the key of [model_providers.<id>]; not a setting
    embedded: bool = False  # the daemon itself serves it and fills in base_url; not a setting
    name: str = ""
    base_url: str | None = None  # without a slash at the end
    wire_api: WireApi = "responses"
    env_key: str | None = None
    env_key_instructions: str | None = None
    experimental_bearer_token: str | None = None
    auth: AuthCommand | None = None
    http_headers: dict[str, str] = {}
    env_http_headers: dict[str, str] = {}  # header -> environment variable
    query_params: dict[str, str] = {}
    request_max_retries: Count = 4
    stream_max_retries: Count = 5
    stream_idle_timeout_ms: Annotated[int, Meta(ge=1)] = 300_000
    stream_first_data_timeout_ms: Annotated[int, Meta(ge=1)] | None = None  # None: as the idle timeout
    requires_openai_auth: bool = False
    supports_websockets: bool = False

    def __repr__(self) -> str:
        return masked(self, {"experimental_bearer_token", "http_headers", "query_params"})


class ModelSettings(Struct, frozen=True, kw_only=True):
    """What the user knows better of a model; what is not set stays as it is known."""

    name: str | None = None
    description: str | None = None
    context_window: Annotated[int, Meta(ge=1)] | None = None  # tokens of input and output
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    efforts: list[Effort] = []  # lowest first
    default_effort: Effort | None = None
    parallel_tool_calls: bool | None = None
    modalities: list[Literal["text", "image"]] = []
    auto_compact_token_limit: Annotated[int, Meta(ge=1)] | None = None
    hidden: bool | None = None


class Settings(Struct, frozen=True, kw_only=True):
    """Every key of config.toml that has an effect."""

    model: str | None = None
    model_provider: str | None = None
    review_model: str | None = None  # None: the thread's
    fallback_models: list[str] = []
    model_reasoning_effort: Effort | None = None
    model_reasoning_summary: ReasoningSummary | None = None
    model_verbosity: Verbosity | None = None
    model_context_window: Annotated[int, Meta(ge=1)] | None = None  # tokens
    model_auto_compact_token_limit: Annotated[int, Meta(ge=1)] | None = None  # tokens
    model_max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    service_tier: str | None = None
    show_raw_agent_reasoning: bool = False
    hide_agent_reasoning: bool = False

    personality: Literal["none", "friendly", "pragmatic"] | None = None

    approval_policy: ApprovalPolicy | None = None
    sandbox_mode: SandboxMode | None = None
    sandbox_workspace_write: WorkspaceWrite = WorkspaceWrite()
    shell_environment_policy: ShellEnvironmentPolicy = ShellEnvironmentPolicy()
    allow_login_shell: bool = True
    fs_roots: list[str] = []  # absolute; none: everything

    instructions: str | None = None
    developer_instructions: str | None = None
    model_instructions_file: str | None = None
    compact_prompt: str | None = None
    include_environment_context: bool = True
    project_doc_max_bytes: Count = 32 * 1024
    project_doc_fallback_filenames: list[str] = []
    project_root_markers: list[str] = field(default_factory=lambda: list(ROOT_MARKERS))

    tool_output_token_limit: Annotated[int, Meta(ge=1)] | None = None
    tools: Tools = Tools()
    skills: Skills = Skills()
    features: dict[str, bool | dict[str, Any]] = {}

    budget: Budgets = Budgets()
    model_prices: dict[str, ModelPrice] = {}
    models: dict[str, ModelSettings] = {}
    openai_base_url: str | None = None
    profile: str | None = None
    model_providers: dict[str, Provider] = {}
    projects: dict[str, Project] = {}
    profiles: dict[str, dict[str, Any]] = {}  # each a part of Settings
    mcp_servers: dict[str, McpServer] = {}
    mcp_optional_startup_grace_ms: Count = 2_000  # that a turn waits for servers that still start
    mcp_oauth_callback_port: Annotated[int, Meta(ge=1, le=65535)] | None = None  # None: any that is free

    def __repr__(self) -> str:  # profiles, servers and their like may hold secrets
        return f"Settings(model={self.model!r}, model_provider={self.model_provider!r})"


class Config(Struct, frozen=True, kw_only=True):
    """The effective configuration of one working directory.

    `settings` has the remaining keys as they were written; the fields here are resolved: nothing in them is unset that
    has a default, and `project_root` has no symlink in it. `layers` are lowest first; `origins` tells for each dotted
    key which of them gave the value.
    """

    home: Path
    cwd: Path
    project_root: Path
    trust: TrustLevel | None
    settings: Settings
    model: str
    provider: Provider
    providers: dict[str, Provider]
    approval_policy: Literal["untrusted", "on-request", "never"] | GranularPolicy
    sandbox_mode: SandboxMode
    base_instructions: str | None  # `instructions`, else the text of `model_instructions_file`
    profile: str | None
    table: dict[str, Any]  # the merged layers as written; may hold secrets
    layers: tuple[Layer, ...]
    origins: dict[str, Layer]
    warnings: tuple[ConfigWarning, ...] = ()
    stamps: tuple[tuple[Path, Stamp | None], ...] = ()  # of every file that was read or looked for

    def __repr__(self) -> str:
        return f"Config(cwd={str(self.cwd)!r}, model={self.model!r}, provider={self.provider.id!r})"
