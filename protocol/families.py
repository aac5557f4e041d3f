"""Which module of `spindled_protocol.types` a method's types live in.

A type used by one family lives there. One used by several lives in the first of CORE that uses it, else in SHARED;
so imports run one way: items <- threads <- shared <- the rest.
"""

from __future__ import annotations

CORE = ("items", "threads")
SHARED = "shared"

# Longest prefix wins.
PREFIXES = {
    "initialize": "lifecycle",
    "initialized": "lifecycle",
    "item/": "items",
    "item/autoApprovalReview/": "guardian",
    "item/permissions/": "permissions",
    "item/commandExecution/requestApproval": "approvals",
    "item/fileChange/requestApproval": "approvals",
    "item/tool/": "client_tools",
    "turn/": "turns",
    "thread/": "library",
    "thread/start": "threads",
    "thread/status/": "threads",
    "thread/closed": "threads",
    "thread/tokenUsage/": "threads",
    "thread/resume": "resume",
    "rawResponseItem/": "resume",
    "thread/settings/": "settings",
    "thread/realtime/": "realtime",
    "thread/goal/": "goals",
    "thread/grants/": "grants",
    "thread/queue/": "queue",
    "thread/timeline/": "timeline",
    "threadSection/": "sections",
    "thread/section": "sections",
    "project/": "sections",
    "review/": "turns",
    "serverRequest/": "turns",
    "error": "turns",
    "warning": "turns",
    "deprecationNotice": "turns",
    "command/": "commands",
    "process/": "processes",
    "fs/": "files",
    "fuzzyFileSearch": "search",
    "config/": "config",
    "configRequirements/": "config",
    "configWarning": "turns",
    "experimentalFeature/": "config",
    "permissionProfile/": "config",
    "collaborationMode/": "config",
    "model/": "models",
    "modelProvider/": "models",
    "account": "account",
    "getAuthStatus": "account",
    "userVerification/": "account",
    "mcp": "mcp",
    "plugin": "plugins",
    "app": "plugins",
    "marketplace": "plugins",
    "skills": "skills",
    "hook": "skills",
    "externalAgentConfig": "migration",
    "remoteControl": "remote",
    "windows": "windows",
    "applyPatchApproval": "legacy",
    "execCommandApproval": "legacy",
    "getConversationSummary": "legacy",
    "gitDiffToRemote": "legacy",
}


def family_of_method(method: str) -> str:
    fitting = [prefix for prefix in PREFIXES if method.startswith(prefix)]
    return PREFIXES[max(fitting, key=len)] if fitting else "server"
