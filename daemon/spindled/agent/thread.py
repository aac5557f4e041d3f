"""A loaded thread: what it is made of, and what its turns tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.agent.asking.approvals import Approvals
from spindled.agent.budget.ledger import Ledger
from spindled.agent.clock import now_ms
from spindled.agent.edits import Edits
from spindled.agent.events import ThreadEvents
from spindled.agent.goals.follow_ups import FollowUps
from spindled.agent.history.history import History
from spindled.agent.history.pressure import Pressure
from spindled.agent.history.usage import UsageMeter
from spindled.agent.prompt.told import Told
from spindled.agent.prompt.unsaved import Unsaved
from spindled.agent.record import Record
from spindled.agent.toolset.client_tools import ClientTools
from spindled.agent.toolset.servers import ThreadServers
from spindled.agent.toolset.toolset import Toolset
from spindled.agent.turn.notes import rule_kept
from spindled.agent.turn.user_commands import UserCommands
from spindled.agent.turns import Turns
from spindled.tools.commands.open_questions import OpenQuestions
from spindled.tools.grants import SessionGrants

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spindled.agent.identity import ThreadIdentity
    from spindled.agent.ports import Followers, Model
    from spindled.agent.record import Journal
    from spindled.agent.settings import ThreadSettings
    from spindled.agent.surroundings import Surroundings
    from spindled.agent.turn.notes import Note
    from spindled.config.mcp import McpServer
    from spindled.model.events import Usage
    from spindled.store.library.library import Library
    from spindled.store.rollout.payloads import GivenBudgets, Spending
    from spindled.tools.commands.exec_sessions import ExecSessions
    from spindled_protocol.types import DynamicToolSpec, ThreadItem, ThreadTokenUsage, Turn
    from spindled_protocol.types import Thread as WireThread


class Thread:
    """One conversation. Everything here runs on the event loop; nothing blocks."""

    def __init__(
        self,
        *,
        identity: ThreadIdentity,
        settings: ThreadSettings,
        surroundings: Surroundings,
        model: Model,
        followers: Followers,
        journal: Journal | None,
        history: Iterable[dict[str, Any]] = (),
        usage: ThreadTokenUsage | None = None,
        spending: Spending | None = None,
        grants: SessionGrants | None = None,
        sampled: ThreadSettings | None = None,
        latest_turn: str | None = None,
        dynamic_tools: Sequence[DynamicToolSpec] = (),
        ledger: Ledger | None = None,
        library: Library | None = None,
    ):
        """`sampled`: the settings of the last turn that a resumed thread had, if its model can still be asked.
        `ledger`: that of another thread, which this one works for.
        `library`: where its goal and its queue are; None for a thread that is not stored.
        """
        self.id = identity.id
        self.identity = identity
        self.settings = settings
        self.surroundings = surroundings
        self.model = model
        self.history = History(history)
        self.usage = UsageMeter(usage)
        self.pressure = Pressure(self, sampled)
        self.events = ThreadEvents(self.id, followers)
        self.record = Record(self.id, journal, self.events.warning)
        self.ledger = ledger or Ledger(surroundings.config.settings, spending, self.record.spending)
        self.follow_ups = FollowUps(self, library) if library is not None else None
        self.approvals = Approvals(self.events, grants or SessionGrants(), self.allow_always, surroundings.keep_tool)
        self.approvals.grants.watch(self.events.grants_changed)
        self.client_tools = ClientTools(dynamic_tools, lambda: self.history.items)
        self.servers = ThreadServers(self.events, settings.cwd, surroundings.pool, surroundings.mcp_servers)
        self.toolset = Toolset(surroundings.registry, self.client_tools, self.servers)
        self.edits = Edits()
        self.unsaved = Unsaved(surroundings.files)
        self._sessions: ExecSessions | None = None
        self.user_commands = UserCommands(self)
        self.turns = Turns(self, latest_turn)
        self.open_questions = OpenQuestions()
        self.told = Told(surroundings, self.history)

    def give_budgets(self, budgets: GivenBudgets) -> None:
        """Limits for what follows; those of the thread hold for the turn that runs, too."""
        self.ledger.give(budgets)
        if self.turns.active is not None:
            self.turns.active.budget.watch()

    # -- what a turn tells its thread

    def remember(self, items: Sequence[dict[str, Any]]) -> None:
        """Add Responses items to the history, on disk first."""
        if items:
            self.record.items(items)
            self.history.extend(items)

    def put_in(self, items: Sequence[dict[str, Any]]) -> None:
        """What a client adds to the history; a turn that runs hears of it with its next request, and makes one.

        In a thread that nothing was said in, it stands behind what the model is told of where it works.
        """
        if self.turns.active is None:
            self.remember([*([] if self.history.items or not items else self.told.news(self.settings)), *items])
        else:
            for item in items:
                self.turns.active.whisper(item, urgent=True)

    def change_settings(self, settings: ThreadSettings) -> None:
        """For turns to come; kept with a thread that is stored."""
        self.settings = settings
        if self.identity.preview:
            self.record.settings(settings)

    def allow_always(self, words: Sequence[str]) -> None:
        """Keep a rule of the user's; the model hears of it."""
        self.surroundings.rules.allow(words)
        if self.turns.active is not None:
            self.turns.active.whisper(rule_kept(words))

    def tell(self, note: Note) -> None:
        """Say something to the model that is not the user's."""
        self.remember([note.item])
        self.events.warning(note.warning)

    def complete_item(self, turn_id: str, item: ThreadItem) -> None:
        """Record a finished item, then tell the followers."""
        at_ms = item.completedAtMs or now_ms()
        self.record.item_completed(turn_id, item)
        self.events.item_completed(turn_id, item, at_ms)

    def replace_history(self, message: str, items: Sequence[dict[str, Any]]) -> None:
        """Go on from other items, on disk first. `message`: the summary among them, empty if there is none."""
        self.record.compacted(message, items)
        self.history.replace(items)
        self.told.reread()

    def count_usage(self, turn_id: str, usage: Usage) -> None:
        """What a response that went into the history took."""
        self.pressure.reported(usage.total_tokens)
        self.spend(turn_id, usage)

    def spend(self, turn_id: str, usage: Usage) -> None:
        self.usage.add(usage)
        self._tell_usage(turn_id)
        if self.follow_ups is not None:
            self.follow_ups.goal.count(turn_id, usage)

    def usage_estimated(self, turn_id: str, tokens: int) -> None:
        """The history has another size than the model last reported."""
        self.usage.estimated(tokens)
        self._tell_usage(turn_id)

    def _tell_usage(self, turn_id: str) -> None:
        self.record.usage(self._usage_snapshot())
        self.show_usage(turn_id)

    def show_usage(self, turn_id: str) -> None:
        """Tell the followers what the thread has taken so far."""
        self.events.usage_updated(turn_id, self._usage_snapshot(), self.ledger.cost_usd)

    def _usage_snapshot(self) -> ThreadTokenUsage:
        return self.usage.snapshot(self.surroundings.context_window(self.settings.model))

    def configure_servers(self, servers: Mapping[str, McpServer]) -> None:
        """Take over another configuration of MCP servers, for this thread and what becomes of it."""
        self.surroundings.mcp_servers = servers
        self.servers.reload(servers)

    @property
    def sessions(self) -> ExecSessions:
        """The thread's running commands; loaded with its first one."""
        if self._sessions is None:
            from spindled.tools.commands.exec_sessions import ExecSessions

            self._sessions = ExecSessions(self.open_questions)
        return self._sessions

    # -- the thread as a whole

    def snapshot(self, turns: list[Turn] | None = None) -> WireThread:
        return self.identity.snapshot(self.settings, self.events.status, turns or [])

    async def close(self) -> None:
        """Stop the turn and end what its commands left running."""
        self.approvals.grants.unwatch(self.events.grants_changed)
        await self.turns.close()
        await self.user_commands.end()
        self.servers.close()
        if self._sessions is not None:
            await self._sessions.close()
        self.record.close()
