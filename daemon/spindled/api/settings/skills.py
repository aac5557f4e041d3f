"""skills/list, skills/config/write, skills/extraRoots/set."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from spindled.agent.settings import either
from spindled.api.application import working_directory
from spindled.api.errors import handler
from spindled.api.host.paths import absolute_path
from spindled.api.settings.config_writes import write
from spindled.config.home.document import Edit
from spindled.config.skills.skills import enabled
from spindled.rpc.connection import Then
from spindled.rpc.errors import INVALID_PARAMS, RpcError
from spindled_protocol.base import UNSET
from spindled_protocol.types import (
    SkillDependencies,
    SkillErrorInfo,
    SkillInterface,
    SkillMetadata,
    SkillsConfigWriteResponse,
    SkillsExtraRootsSetResponse,
    SkillsListEntry,
    SkillsListResponse,
    SkillToolDependency,
)

if TYPE_CHECKING:
    from spindled.api.session import Session
    from spindled.config.schema import Config
    from spindled.config.skills.skill_file import Skill
    from spindled.config.skills.skills import Found
    from spindled_protocol.types import SkillsConfigWriteParams, SkillsExtraRootsSetParams, SkillsListParams

KEY = ("skills", "config")


@handler
async def skills_list(session: Session, params: SkillsListParams) -> SkillsListResponse:
    """Those of each folder; of the daemon's own if none is named."""
    skills = session.application.skills
    anew = either(params.forceReload, False)
    entries: list[SkillsListEntry] = []
    for cwd in either(params.cwds, []) or [str(working_directory(None))]:
        config = session.application.config(working_directory(cwd))
        found = await asyncio.to_thread(skills.library.find, config, anew=anew)
        await skills.watch(found.folders)
        entries.append(entry(cwd, config, found))
    return SkillsListResponse(data=entries)


@handler
def skills_config_write(session: Session, params: SkillsConfigWriteParams) -> SkillsConfigWriteResponse:
    """A skill that is on needs no entry: only those that are off are written down."""
    path, name = either(params.path, None), either(params.name, None)
    if (path is None) == (name is None) or (name is not None and not name.strip()):
        raise RpcError(INVALID_PARAMS, "skills/config/write requires exactly one of path or name")
    which = {"name": name} if path is None else {"path": str(absolute_path(path))}
    table = session.application.user_file.layer().table.get("skills", {})
    before: list[dict[str, Any]] = table.get("config", [])
    rest = [each for each in before if {key: each.get(key) for key in which} != which]
    after = rest if params.enabled else [*rest, {**which, "enabled": False}]
    if after != before:
        empty = not after and table.keys() == {"config"}
        write(session.application, [Edit(KEY[:1] if empty else KEY, after or None)])
    return SkillsConfigWriteResponse(effectiveEnabled=params.enabled)


@handler
def skills_extra_roots_set(session: Session, params: SkillsExtraRootsSetParams) -> Then:
    session.application.skills.library.extra = tuple(absolute_path(root) for root in params.extraRoots)
    return Then(SkillsExtraRootsSetResponse(), session.application.tell_skills_changed)


def entry(cwd: str, config: Config, found: Found) -> SkillsListEntry:
    return SkillsListEntry(
        cwd=cwd,
        skills=[shown(skill, config) for skill in found.skills],
        errors=[SkillErrorInfo(path=str(path), message=why) for path, why in found.errors],
    )


def shown(skill: Skill, config: Config) -> SkillMetadata:
    tools = msgspec.convert(skill.dependencies, list[SkillToolDependency])
    return SkillMetadata(
        name=skill.name,
        description=skill.description,
        shortDescription=skill.short_description or UNSET,
        interface=msgspec.convert(skill.interface, SkillInterface) if skill.interface else UNSET,
        dependencies=SkillDependencies(tools=tools) if tools else UNSET,
        path=str(skill.path),
        scope=skill.scope,
        enabled=enabled(skill, config.settings.skills.config),
    )
