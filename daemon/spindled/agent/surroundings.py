"""What a thread's turns find around them: configuration, rules, documents, tools. Made once per loaded thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from spindled.agent.sampling.efforts import Efforts
from spindled.agent.sampling.fallbacks import Fallbacks
from spindled.config import project
from spindled.config.errors import ConfigError
from spindled.config.home.document import Edit
from spindled.config.models.catalogue import Catalogue
from spindled.config.rules import rules as command_rules
from spindled.config.skills.skills import SkillLibrary, enabled
from spindled.tools.files.text_files import DISK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from spindled.config.mcp import McpServer
    from spindled.config.models.models import ModelInfo
    from spindled.config.project import ProjectDoc
    from spindled.config.rules.rules import PrefixRule
    from spindled.config.schema import Config, Provider
    from spindled.config.skills.skill_file import Skill
    from spindled.mcp.pool import Pool
    from spindled.tools.base import ToolOptions
    from spindled.tools.files.text_files import TextFiles
    from spindled.tools.registry import Registry

log = logging.getLogger(__name__)


class RuleBook:
    """The user's command rules; an accepted amendment is kept for good."""

    def __init__(self, home: Path):
        self.home = home
        self.rules = command_rules.read_rules(home)
        for problem in self.rules.problems:
            log.warning("%s", problem)

    def current(self) -> Sequence[PrefixRule]:
        return self.rules.in_force

    def allow(self, words: Sequence[str]) -> None:
        try:
            command_rules.append_rule(self.home, words)
        except (OSError, ValueError) as error:
            log.warning("the rule for %s is not kept: %s", words[:1], error)
        self.rules = command_rules.read_rules(self.home)


class Surroundings:
    """`load` gives the configuration of a working directory; `resting`: see Fallbacks."""

    def __init__(
        self,
        *,
        config: Config,
        load: Callable[[Path], Config],
        rules: RuleBook,
        registry: Registry,
        tool_options: ToolOptions,
        shell: str,
        originator: str,
        catalogue: Catalogue | None = None,
        resting: dict[str, float] | None = None,
        library: SkillLibrary | None = None,
        pool: Callable[[], Pool],
        files: TextFiles = DISK,
    ):
        self.config = config
        self.load = load
        self.rules = rules
        self.registry = registry
        self.tool_options = tool_options
        self.shell = shell
        self.originator = originator
        self.library = library or SkillLibrary()
        self.pool = pool
        self.mcp_servers: Mapping[str, McpServer] = config.settings.mcp_servers
        self.files = files
        self.catalogue = catalogue or Catalogue(config)
        self.fallbacks = Fallbacks(config.settings.fallback_models, resting)
        self.efforts = Efforts(lambda model: self.catalogue.model(model).efforts)

    @property
    def provider(self) -> Provider:
        return self.config.provider

    @property
    def raw_reasoning(self) -> bool:
        return self.config.settings.show_raw_agent_reasoning

    @property
    def startup_grace_seconds(self) -> float:
        return self.config.settings.mcp_optional_startup_grace_ms / 1000

    def model(self, name: str) -> ModelInfo:
        return self.catalogue.model(name)

    def context_window(self, model: str) -> int | None:
        """Tokens that a conversation may fill, as the wire counts them."""
        return self.catalogue.context_window(model)

    def skills(self, cwd: Path) -> list[Skill]:
        """The skills for a folder that are on, as the configuration now says."""
        found = self.library.find(self._of(cwd)).skills
        if not found:
            return []
        try:
            switches = self.load(cwd).settings.skills.config
        except ConfigError:
            switches = self.config.settings.skills.config
        return [skill for skill in found if enabled(skill, switches)]

    def _of(self, cwd: Path) -> Config:
        return self.config if cwd == self.config.cwd else self.load(cwd)

    def keep_tool(self, server: str, tool: str) -> None:
        """Allow a server's tool for good, where the user's own file has that server."""
        from spindled.config.home.user_file import InvalidResult, UserFile

        file = UserFile(self.config.home)
        try:
            if server in file.layer().table.get("mcp_servers", {}):
                file.write([Edit(("mcp_servers", server, "tools", tool, "approval_mode"), "approve")])
        except (OSError, ValueError, ConfigError, InvalidResult) as error:
            log.warning("that a tool of %s is allowed is not kept: %s", server, error)

    def documents(self, cwd: Path) -> list[ProjectDoc]:
        """The user's and the project's instructions for a folder, the nearest last."""
        config = self._of(cwd)
        found = project.project_docs(config)
        return [document for document in (found.home, *found.project) if document]
