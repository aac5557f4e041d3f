"""The budget of a running turn and of its thread: the one place where anything is charged, and asked for beforehand."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import TYPE_CHECKING

from spindled.agent.budget.budget import Account, BudgetExceeded, Exceeded, decimal, limited, shown
from spindled.store.ids import new_id
from spindled.store.rollout.payloads import Spending, TokenUsage
from spindled.tools.base import Charge, charge_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from spindled.agent.budget.ledger import Given, Ledger
    from spindled.model.events import Usage
    from spindled.tools.base import Tool, ToolCall

    Ask = Callable[[str, str], Awaitable[bool]]


class TurnBudget:
    """`ask(item_id, question)` lets the user decide; `out_of_time` is called when the turn has to
    end at once."""

    def __init__(self, ledger: Ledger, given: Given, ask: Ask, out_of_time: Callable[[], None]):
        self.ledger = ledger
        self.turn = Account("turn", ledger.turn_limits(given), Spending(), ledger.price_of)
        self.accounts = (self.turn, ledger.account)
        self.exceeded: Exceeded | None = None
        """Why nothing more is done; once set, it stays."""
        self._ask = ask
        self._out_of_time = out_of_time
        self._started: float | None = None
        self._before_ms = 0
        self._timer: asyncio.TimerHandle | None = None
        self._admission = asyncio.Lock()

    # -- time

    def begin(self) -> None:
        """The turn runs from now on. Raises BudgetExceeded; what did not begin is no turn."""
        self._started = time.monotonic()
        self._before_ms = self.ledger.spent.wall_ms
        try:
            self._require(self._too_many("turns"))
        finally:
            if self.exceeded is None:
                for account in self.accounts:
                    account.spent.turns += 1
            self._save()
        self.watch()

    def end(self) -> None:
        """The turn is over."""
        if self._started is not None:
            self._stop_watching()
            self._save()
            self._started = None

    def give(self, given: Given) -> None:
        """Other limits for the rest of the turn."""
        self.turn.limits = limited(self.turn.limits, given)
        self.watch()

    def watch(self) -> None:
        """Wait for the end of the time that is left, or of what is left now."""
        self._stop_watching()
        if self._started is None:
            return
        self._count_time()
        left = [(seconds, account) for account in self.accounts if (seconds := account.seconds_left) is not None]
        if not left:
            return
        seconds, account = min(left, key=lambda pair: pair[0])
        if seconds > 0:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.watch)
        else:
            self.exceeded = self.exceeded or account.out_of_time()
            self._out_of_time()

    # -- what is asked for beforehand

    async def model_call(self, purpose: str, model: str) -> None:
        """One request to the model is about to go out. Raises BudgetExceeded."""
        self._require(self._over() or self._too_many("model_calls"))
        await self._accept_unpriced(model)
        for account in self.accounts:
            calls = account.spent.model_calls
            calls[purpose] = calls.get(purpose, 0) + 1
        self._save()

    async def admit(self, call: ToolCall, tool: Tool | None) -> str | None:
        """A call is about to be run, or with no tool to be answered. None if it may; otherwise why not, for the model.

        Calls are admitted in the order in which they come, each after the charge of the one before it.
        """
        async with self._admission:
            if tool is None:
                return self._refusal
            charge = charge_of(tool, call)
            tasks = charge.tasks
            found = self.exceeded or self._over() or self._too_many("tool_calls")
            self.exceeded = found or (self._too_many("delegated_tasks", tasks) if tasks else None)
            if self.exceeded is not None:
                return self._refusal
            if (objection := self._objection(charge)) and not await self._ask(call.call_id, f"{objection} Run it?"):
                return f"Not run: {objection} The user did not allow it."
            self._charge_call(charge)
            return None

    def check(self) -> None:
        """Raises BudgetExceeded where nothing more may be done."""
        self._require(self._over())

    # -- what is charged afterwards

    def used(self, model: str, usage: Usage | None) -> None:
        """A response took these tokens."""
        if usage is None:
            return
        for account in self.accounts:
            tokens = account.spent.tokens.setdefault(model, TokenUsage())
            for name in TokenUsage.__struct_fields__:
                setattr(tokens, name, getattr(tokens, name) + getattr(usage, name))
        self._save()

    # -- within

    @property
    def _refusal(self) -> str | None:
        """What a call that comes too late is answered with."""
        return None if self.exceeded is None else f"Not run. {self.exceeded.text}"

    def _over(self) -> Exceeded | None:
        self._count_time()
        return next((found for account in self.accounts if (found := account.over())), None)

    def _too_many(self, kind: str, more: int = 1) -> Exceeded | None:
        return next((found for account in self.accounts if (found := account.too_many(kind, more))), None)

    def _require(self, found: Exceeded | None) -> None:
        self.exceeded = self.exceeded or found
        if self.exceeded is not None:
            raise BudgetExceeded(self.exceeded)

    async def _accept_unpriced(self, model: str) -> None:
        """With a limit of the cost, a model without a price is asked only if the user wants it; once for a thread."""
        allowed = self.ledger.unpriced_allowed
        for account in self.accounts:
            found = account.unpriced(model, allowed)
            if found is None:
                continue
            if not await self._ask(new_id(), f"{found.text} Go on all the same?"):
                self._require(found)
            allowed.update(found.unpriced)

    def _objection(self, charge: Charge) -> str | None:
        """Why a call's own cost needs the user's consent; None if it does not."""
        left = [(usd, account) for account in self.accounts if (usd := account.usd_left) is not None]
        if not left or charge.cost_usd == 0:
            return None
        usd, account = min(left, key=lambda pair: pair[0])
        if charge.cost_usd is None:
            return f"What this call costs is not known, and the cost of this {account.scope} is limited."
        if decimal(charge.cost_usd) <= usd:
            return None
        return (
            f"The estimated cost of this call, {shown(charge.cost_usd)} USD, is more than the cost budget of this "
            f"{account.scope} has left, {shown(max(0.0, float(usd)))} USD."
        )

    def _charge_call(self, charge: Charge) -> None:
        usd = decimal(charge.cost_usd or 0)
        for account in self.accounts:
            left, spent = account.usd_left, account.spent
            spent.approved_usd += Decimal(0) if left is None else max(Decimal(0), usd - max(left, Decimal(0)))
            spent.tools_usd += usd
            spent.tool_calls += 1
            spent.delegated_tasks += charge.tasks
        self._save()

    def _count_time(self) -> None:
        if self._started is not None:
            elapsed = int((time.monotonic() - self._started) * 1000)
            self.turn.spent.wall_ms = elapsed
            self.ledger.spent.wall_ms = self._before_ms + elapsed

    def _save(self) -> None:
        self._count_time()
        self.ledger.save()

    def _stop_watching(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
