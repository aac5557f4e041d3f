"""What serves every connection of the process: configuration, store, models and the loaded threads."""

from __future__ import annotations

import asyncio
import logging
import os
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spindled.agent.surroundings import RuleBook, Surroundings
from spindled.agent.threads import Threads
from spindled.api.followers.audience import Audience
from spindled.api.followers.eventlog import EventLog, Events, first_of_reloaded
from spindled.api.followers.followers import ThreadFollowers
from spindled.api.host.system import system_error
from spindled.api.session import Session
from spindled.api.settings.clients import ModelClients
from spindled.api.settings.listings import Listings
from spindled.api.settings.skill_watch import Skills
from spindled.api.settings.toolbox import shell_name, tool_options
from spindled.api.settings.warnings import config_warning
from spindled.config.errors import ConfigError, ConfigWarning
from spindled.config.home.login import Login
from spindled.config.home.user_file import UserFile
from spindled.config.layers.load import ConfigLoader
from spindled.config.models.catalogue import Catalogue
from spindled.rpc.errors import INVALID_REQUEST, RpcError
from spindled.store.errors import StoreError
from spindled.store.threads import ThreadStore
from spindled.tools.files.text_files import DISK
from spindled.tools.registry import Registry
from spindled_protocol.types import SkillsChangedNotification

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spindled.config.schema import Config
    from spindled.files.roots import Roots
    from spindled.mcp.pool import Pool
    from spindled.rpc.connection import Connection
    from spindled.tools.files.text_files import TextFiles
    from spindled_protocol.base import Wire
    from spindled_protocol.types import ConfigWarningNotification

log = logging.getLogger(__name__)


class Application:
    """One per process. `options` is the command line's: strict_config is what is used of it here."""

    def __init__(self, home: Path, overrides: Iterable[tuple[str, object]], options: Any):
        self.home = Path(home)
        self.loader = ConfigLoader(self.home, overrides, strict=options.strict_config)
        self.store = ThreadStore(self.home)
        self.threads = Threads()
        self.user_file = UserFile(self.home)
        self.login = Login(self.home)
        self.clients = ModelClients(self.login.key)
        self.listings = Listings(self.home, self.clients)
        self.registry = Registry()
        self.skills = Skills(self.tell_skills_changed)
        self.files: TextFiles = DISK  # a face that has an editor puts the editor's here
        self.indexed = False  # whether the index was compared with the files in this run
        self._resting: dict[str, dict[str, float]] = {}  # by provider
        self.audience = Audience()
        self._events = Events()
        self._followers: dict[str, ThreadFollowers] = {}
        self._rules: RuleBook | None = None
        self._servers: Pool | None = None
        self._sessions: dict[Session, asyncio.Task[None]] = {}

    def session(self, connection: Connection) -> Session:
        session = Session(self, connection)
        self.audience.connections.append(connection)
        ending = asyncio.get_running_loop().create_task(self._end(session), name="end of a connection")
        self._sessions[session] = ending
        ending.add_done_callback(lambda _: self._sessions.pop(session))
        self._tell_about_configuration(session)
        return session

    def config(self, cwd: Path, request: Mapping[str, object] | None = None) -> Config:
        """The configuration of a folder; raises ConfigError."""
        return self.loader.load(cwd, request)

    async def index(self) -> None:
        """Compare the index with the files, once in this run: others may have written."""
        if not self.indexed:
            await asyncio.to_thread(self.store.refresh)
            self.indexed = True

    def surroundings(self, config: Config, originator: str) -> Surroundings:
        """What a thread of this configuration works with."""
        options = tool_options(config, self.files)
        return Surroundings(
            config=config,
            load=self.loader.load,
            rules=self.rules,
            registry=self.registry,
            tool_options=options,
            shell=shell_name(options),
            originator=originator,
            catalogue=self.catalogue(config),
            resting=self._resting.setdefault(config.provider.id, {}),
            library=self.skills.library,
            pool=self.servers,
            files=self.files,
        )

    def catalogue(self, config: Config) -> Catalogue:
        """What is known of models, with what the provider has told and will tell."""
        return Catalogue(config, partial(self.listings.told, config.provider))

    def warm(self, config: Config) -> None:
        """Load what the first turn needs; a provider is asked for its models only if the one in use is not known."""
        self.clients.warm_soon(config.provider)
        if not self.catalogue(config).model(config.model).known:
            self.listings.refresh(config.provider)

    def servers(self) -> Pool:
        """The MCP servers of all threads; loaded with the first that has any."""
        if self._servers is None:
            from spindled.mcp.credentials import Credentials
            from spindled.mcp.pool import Pool

            self._servers = Pool(Credentials(self.home), dict(os.environ))
        return self._servers

    @cached_property
    def roots(self) -> Roots:
        """Where clients may look: `fs_roots` of the user's configuration, read once. Raises ConfigError."""
        from spindled.files.roots import Roots

        return Roots(self.config(self.home).settings.fs_roots)

    @property
    def rules(self) -> RuleBook:
        if self._rules is None:
            self._rules = RuleBook(self.home)
        return self._rules

    def new_warnings(self, config: Config, told: set[str]) -> list[ConfigWarningNotification]:
        """What is odd about a configuration and the user's rules, and was not told before; adds it to that."""
        problems = [ConfigWarning(f"{p.path}: {p.message}", path=p.path) for p in self.rules.rules.problems]
        fresh = [warning for warning in (*config.warnings, *problems) if warning.summary not in told]
        told.update(warning.summary for warning in fresh)
        return [config_warning(warning) for warning in fresh]

    def _tell_about_configuration(self, session: Session) -> None:
        """A client hears of a broken config.toml before its first thread fails on it."""
        try:
            notices = self.new_warnings(self.config(Path.cwd()), session.warned)
        except ConfigError as error:
            log.warning("invalid configuration: %s", error)
            summary = "Invalid configuration: no thread can be started until it is repaired."
            notices = [config_warning(ConfigWarning(summary, str(error), error.path, error.span))]
        for notice in notices:
            session.connection.notify("configWarning", notice)

    def notify(self, method: str, params: Wire) -> None:
        """Tell every client."""
        self.audience.tell(method, params)

    def tell_skills_changed(self) -> None:
        self.notify("skills/changed", SkillsChangedNotification())

    def followers(self, thread_id: str, *, new: bool = False) -> ThreadFollowers:
        """Who follows a thread. `new`: no client ever saw an event of it."""
        followers = self._followers.get(thread_id)
        if followers is None:
            log = EventLog(self._events, 1 if new else first_of_reloaded())
            followers = self._followers[thread_id] = ThreadFollowers(thread_id, log, self.audience)
        return followers

    def forget_followers(self, thread_id: str) -> None:
        followers = self._followers.pop(thread_id, None)
        if followers is not None:
            followers.log.close()

    @property
    def busy(self) -> bool:
        return any(thread.turns.active is not None for thread in self.threads)

    async def close(self, deadline_seconds: float) -> None:
        """Stop every turn, end every child, close the store and the models' connections."""
        from spindled.process.registry import kill_all

        try:
            async with asyncio.timeout(deadline_seconds):
                await self.threads.close()
                if self._servers is not None:
                    await self._servers.close()
        except TimeoutError:
            log.warning("some turns did not stop within %.2f s", deadline_seconds)
        finally:
            await kill_all()  # first of what may take too long
            await asyncio.gather(*(session.close() for session in self._sessions))
            await self.listings.close()
            await self.skills.close()
            await self.clients.close()
            try:
                self.store.close()
            except StoreError as error:
                log.error("%s", error)

    async def _end(self, session: Session) -> None:
        """When its connection has closed, a session's processes and watches end, and threads forget it."""
        await session.connection.closed.wait()
        self.audience.connections.remove(session.connection)
        for followers in self._followers.values():
            followers.remove(session.connection)
        await session.close()


def working_directory(given: str | None) -> Path:
    """The folder that a client named, else the daemon's own. Raises RpcError for what is none."""
    if given and "\0" in given:
        raise RpcError(INVALID_REQUEST, "cwd contained an unexpected NUL byte")
    try:
        return Path(os.path.normpath(Path.cwd() / given)) if given else Path.cwd()
    except FileNotFoundError as error:  # its own is gone
        raise system_error(error, "the daemon's working directory") from None
