"""A thread's account: what all its turns have used.

It is in the rollout, so a resumed thread and a fork go on from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.agent.budget.budget import Account, limited
from spindled.config.models.budget import find_price
from spindled.config.models.models import names
from spindled.store.rollout.payloads import GivenBudgets, Spending

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spindled.config.models.budget import ModelPrice, TurnLimits
    from spindled.config.schema import Settings

    Given = Mapping[str, int | float | None]
    """The limits that a client gave, by kind; None lifts one."""


class Ledger:
    """`save` is given the whole account whenever something was charged."""

    def __init__(self, settings: Settings, spent: Spending | None, save: Callable[[Spending], None]):
        self.settings = settings
        self.spent = spent or Spending()
        self.account = Account("thread", settings.budget.thread, self.spent, self.price_of)
        self.unpriced_allowed: set[str] = set()
        """Models whose cost the user does not need to know, as long as the thread is loaded."""
        self._save = save
        self.give(GivenBudgets())

    def give(self, budgets: GivenBudgets) -> None:
        """Limits of a client, for this turn and what follows; kinds that it does not name stay as they are."""
        ours = self.spent.budgets
        ours.thread.update(budgets.thread)
        ours.turn.update(budgets.turn)
        self.account.limits = limited(self.settings.budget.thread, ours.thread)

    def turn_limits(self, given: Given) -> TurnLimits:
        """What one turn may use; `given` with its start."""
        return limited(limited(self.settings.budget.turn, self.spent.budgets.turn), given)

    def price_of(self, model: str) -> ModelPrice | None:
        return find_price(self.settings.model_prices, names(model))

    @property
    def cost_usd(self) -> float | None:
        """What the thread has cost; None where a price is missing."""
        if not self.settings.model_prices:
            return None
        cost = self.account.cost
        return None if cost.unpriced else float(cost.usd)

    def save(self) -> None:
        self._save(self.spent)
