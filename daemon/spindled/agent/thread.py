"""A loaded thread: its history, its settings and the one turn that may run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spindled.agent.approvals import Approvals
from spindled.agent.client_tools import ClientTools
from spindled.agent.clock import now_ms, now_s
from spindled.agent.edits import Edits
from spindled.agent.events import ThreadEvents
from spindled.agent.follow_ups import FollowUps, may_follow
from spindled.agent.history import History
from spindled.agent.ledger import Ledger
from spindled.agent.pressure import Pressure
from spindled.agent.prompt import context_items, told_context
from spindled.agent.record import Record
from spindled.agent.servers import ThreadServers
from spindled.agent.skills import listed, named, skill_item
from spindled.agent.toolset import Toolset
from spindled.agent.turn import RunningTurn
from spindled.agent.unsaved import Unsaved
from spindled.agent.usage import UsageMeter
from spindled.agent.user_commands import UserCommands
from spindled.tools.policy import SessionGrants

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spindled.agent.identity import ThreadIdentity
    from spindled.agent.inputs import PreparedInput
    from spindled.agent.ledger import Given
    from spindled.agent.notes import Note
    from spindled.agent.ports import Followers, Model
    from spindled.agent.record import Journal
    from spindled.agent.settings import ThreadSettings
    from spindled.agent.surroundings import Surroundings
    from spindled.config.mcp import McpServer
    from spindled.model.events import Usage
    from spindled.store.library.library import Library
    from spindled.store.payloads import GivenBudgets, Spending
    from spindled.tools.exec_sessions import ExecSessions
    from spindled_protocol.types import DynamicToolSpec, ThreadItem, ThreadTokenUsage, Turn, UserInput
    from spindled_protocol.types import Thread as WireThread


class TurnConflict(Exception):
    """A request that does not fit the turn that runs, or that none does; the text is for the client."""


class NotSteerable(TurnConflict):
    """The turn that runs takes no input; `kind` says what it does instead."""

    def __init__(self, kind: str):
        super().__init__(f"cannot steer a {kind} turn")
        self.kind = kind


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
        self.approvals = Approvals(
            self.events, grants or SessionGrants(), surroundings.rules.allow, surroundings.keep_tool
        )
        self.client_tools = ClientTools(dynamic_tools, self.history.items)
        self.servers = ThreadServers(self.events, settings.cwd, surroundings.pool, surroundings.mcp_servers)
        self.toolset = Toolset(surroundings.registry, self.client_tools, self.servers)
        self.edits = Edits()
        self.unsaved = Unsaved(surroundings.files)
        self._sessions: ExecSessions | None = None
        self.user_commands = UserCommands(self)
        self.active: RunningTurn | None = None
        self.following: RunningTurn | None = None
        self.latest_turn = latest_turn  # that ended
        self.closing = False
        self.elicitations = 0  # questions that clients ask their users beside us
        self._told = told_context(self.history.items)

    # -- turns

    def start_turn(
        self,
        prepared: PreparedInput,
        settings: ThreadSettings,
        output_schema: Any = None,
        budget: Given | None = None,
    ) -> RunningTurn:
        """A turn that is about to run; while one runs, the input, and the budget, go to that one instead.

        Raises StoreError, and TurnConflict once the thread closes or while it takes no input (wait for `quiet`).
        """
        if self.closing or self.stopping:
            raise TurnConflict("the thread is being closed" if self.closing else "the active turn is being stopped")
        if self.active is not None and not self.active.steerable:
            raise NotSteerable(self.active.kind)
        if self.active is None:
            return self.begin(RunningTurn(self, settings, prepared, output_schema, budget), prepared.preview())
        self.record.flush()
        self.settings = settings
        self.identity.updated_at = now_s()
        self.active.steer(prepared)
        self.active.budget.give(budget or {})
        return self.active

    def begin(self, turn: RunningTurn, preview: str) -> RunningTurn:
        """Make a turn of an idle thread the one that is about to run. Raises StoreError."""
        self.record.flush()
        self.settings = turn.settings
        self.identity.updated_at = now_s()
        self.identity.preview = self.identity.preview or preview
        self.active = turn
        return turn

    def check_open(self) -> None:
        """Raises StoreError, and TurnConflict once the thread closes."""
        if self.closing:
            raise TurnConflict("the thread is being closed")
        self.record.flush()

    def start_compaction(self) -> None:
        """Replace the history by a summary, in a turn of its own; the turn that runs is interrupted."""
        from spindled.agent.compaction_turn import CompactionTurn

        self.interpose(CompactionTurn(self, self.settings))

    def interpose(self, turn: RunningTurn) -> None:
        """Run this turn as soon as the one that runs is stopped; one that was to follow it is given up."""
        self._give_up_following()
        self.following = turn
        if self.active is not None:
            self.active.interrupt()
        else:
            self._follow()

    def steer(self, prepared: PreparedInput, expected_turn_id: str) -> RunningTurn:
        """Raises TurnConflict unless that turn runs."""
        turn = self.check_active(expected_turn_id)
        turn.steer(prepared)
        return turn

    def check_active(self, expected_turn_id: str) -> RunningTurn:
        """The turn that runs; raises TurnConflict unless it is the expected one."""
        if self.active is None or self.active.stopping:
            raise TurnConflict("no active turn to steer")
        if self.active.id != expected_turn_id:
            raise TurnConflict(f"expected active turn id `{expected_turn_id}` but found `{self.active.id}`")
        if not self.active.steerable:
            raise NotSteerable(self.active.kind)
        return self.active

    async def interrupt(self, turn_id: str) -> RunningTurn:
        """Stop that turn and wait until nothing of it runs; the caller then lets it `conclude`."""
        if self.active is None:
            raise TurnConflict("no active turn to interrupt")
        if turn_id and self.active.id != turn_id:
            raise TurnConflict(f"expected active turn id {turn_id} but found {self.active.id}")
        turn = self.active
        await turn.interrupted()
        return turn

    @property
    def stopping(self) -> bool:
        """Whether a turn that was interrupted has not ended yet."""
        return self.active is not None and self.active.stopping

    @property
    def engaged(self) -> bool:
        """Whether input has to wait: a turn is being stopped, or compacts."""
        return self.active is not None and (self.active.stopping or not self.active.steerable)

    async def quiet(self) -> None:
        """Wait until the thread takes input."""
        while self.active is not None and self.engaged:
            await self.active.concluded.wait()

    def turn_ended(self, turn: RunningTurn, outcome: Turn) -> None:
        """Called once by each turn, when it concludes."""
        if self.active is turn:
            self.active = None
        self.latest_turn = turn.id
        self.remember(self.user_commands.take())
        self.identity.updated_at = now_s()
        if self.follow_ups is not None:
            self.follow_ups.turn_ended(turn, outcome)
        if outcome.error is not None:
            self.events.system_error()
            self.events.error(turn.id, outcome.error, will_retry=False)
        if self.follow_ups is not None:
            self.follow_ups.mark_unread(turn, outcome)
        if outcome.error is None and self.active is None:  # else it was given up before it began
            self.events.idle()
        self.events.turn_completed(outcome)
        self._follow()
        if may_follow(outcome):
            self.begin_next()

    def _give_up_following(self) -> None:
        """Who was promised that turn hears that it has ended."""
        given_up, self.following = self.following, None
        if given_up is not None and given_up.promised:
            given_up.interrupt()

    def _follow(self) -> None:
        """Begin the turn that waits for the end of another."""
        if self.following is not None and self.active is None and not self.closing:
            self.active, self.following = self.following, None
            self.active.start()

    def begin_next(self) -> None:
        """Begin what is queued, or go on towards the goal, if the thread is idle."""
        if self.follow_ups is not None and self.active is None and not self.closing:
            self.follow_ups.begin()

    def give_budgets(self, budgets: GivenBudgets) -> None:
        """Limits for what follows; those of the thread hold for the turn that runs, too."""
        self.ledger.give(budgets)
        if self.active is not None:
            self.active.budget.watch()

    # -- what a turn tells its thread

    def remember(self, items: Sequence[dict[str, Any]]) -> None:
        """Add Responses items to the history, on disk first."""
        if items:
            self.record.items(items)
            self.history.extend(items)

    def put_in(self, items: Sequence[dict[str, Any]]) -> None:
        """What a client adds to the history; a turn that runs hears of it with its next request, and makes one."""
        if self.active is None:
            self.remember(items)
        else:
            for item in items:
                self.active.whisper(item, urgent=True)

    def change_settings(self, settings: ThreadSettings) -> None:
        """For turns to come; kept with a thread that is stored."""
        self.settings = settings
        if self.identity.preview:
            self.record.settings(settings)

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
        self._told = told_context(self.history.items)

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

    def new_context(self, settings: ThreadSettings) -> list[dict[str, Any]]:
        """The context messages that the model has not been given yet under these settings."""
        new = [item for item in self.context(settings) if self._told.get(item["role"]) != item]
        self._told.update((item["role"], item) for item in new)
        return new

    def context(self, settings: ThreadSettings) -> list[dict[str, Any]]:
        """The context messages under these settings."""
        around = self.surroundings
        skills = listed(around.skills(settings.cwd))
        return context_items(settings, around.documents(settings.cwd), around.shell, skills)

    def skills_named(self, inputs: Sequence[UserInput], settings: ThreadSettings) -> list[dict[str, Any]]:
        """The skills that the user names, as they stand now, for the history; not those that it has already."""
        items = map(skill_item, named(inputs, self.surroundings.skills(settings.cwd)))
        return [item for item in items if item not in self.history.items]

    def configure_servers(self, servers: Mapping[str, McpServer]) -> None:
        """Take over another configuration of MCP servers, for this thread and what becomes of it."""
        self.surroundings.mcp_servers = servers
        self.servers.reload(servers)

    @property
    def sessions(self) -> ExecSessions:
        """The thread's running commands; loaded with its first one."""
        if self._sessions is None:
            from spindled.tools.exec_sessions import ExecSessions

            self._sessions = ExecSessions()
        return self._sessions

    # -- the thread as a whole

    def snapshot(self, turns: list[Turn] | None = None) -> WireThread:
        return self.identity.snapshot(self.settings, self.events.status, turns or [])

    async def close(self) -> None:
        """Stop the turn and end what its commands left running."""
        self.closing = True
        self._give_up_following()
        if self.active is not None:
            turn = self.active
            await turn.interrupted()
            turn.conclude()
        await self.user_commands.end()
        self.servers.close()
        if self._sessions is not None:
            await self._sessions.close()
        self.record.close()
