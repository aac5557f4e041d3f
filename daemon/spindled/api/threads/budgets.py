"""Budgets as clients give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spindled.store.replay.naming import snake
from spindled.store.rollout.payloads import GivenBudgets
from spindled_protocol.base import UNSET, UnsetType

if TYPE_CHECKING:
    from spindled.agent.budget.ledger import Given
    from spindled_protocol.types import Budgets, ThreadBudget, TurnBudget


def limits(budget: TurnBudget | ThreadBudget | UnsetType | None) -> Given:
    """The kinds that were named; None lifts a limit."""
    if budget is UNSET or budget is None:
        return {}
    kinds = {name: getattr(budget, name) for name in budget.__struct_fields__}
    return {snake(name): limit for name, limit in kinds.items() if limit is not UNSET}


def given_budgets(budgets: Budgets | UnsetType | None) -> GivenBudgets:
    if budgets is UNSET or budgets is None:
        return GivenBudgets()
    return GivenBudgets(turn=dict(limits(budgets.turn)), thread=dict(limits(budgets.thread)))
