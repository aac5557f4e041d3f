"""Budgets in a turn, with tools that cost something: 1-50 to 1-55, 3-01, 3-02, 3-65."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from spindled.agent.budget.budget import BudgetExceeded
from spindled.model.errors import Kind, ModelError
from spindled.model.events import Usage
from spindled.store.rollout.payloads import Spending
from spindled.tools.base import Charge, ToolCall, ToolContext, ToolOutput
from tests.unit.agent.conftest import NewWorld
from tests.unit.agent.world import FakeTool, Gate, Json, World, assert_valid, called, completed, said, words

QUESTION = "item/tool/requestUserInput"


class PaidTool(FakeTool):
    """Each call says in its arguments what it costs and how many tasks it hands out."""

    def __init__(self, parallel: bool = True) -> None:
        self.ran: list[str] = []
        super().__init__("buy", self._buy, parallel=parallel)

    def charge(self, call: ToolCall) -> Charge:
        return msgspec.json.decode(call.arguments, type=Charge)

    async def _buy(self, call: ToolCall, context: ToolContext) -> ToolOutput:
        self.ran.append(call.call_id)
        return ToolOutput("bought")


class Shop:
    """A thread with a tool that costs; questions are answered with `labels` in turn, and kept in `asked`."""

    def __init__(self, new_world: NewWorld, config: Json, *responses: list[Any], labels: tuple[str | None, ...] = ()):
        self.tool = PaidTool()
        prices = {'model_prices."gpt-5.5"': {"input": 0, "output": 0}}
        self.world: World = new_world(
            *responses, tools=[self.tool], config={**prices, **config}, approval_policy="never"
        )
        self.asked: list[str] = []
        self.labels = labels
        self.world.followers.ask = self._ask  # type: ignore[method-assign]

    async def _ask(self, method: str, params: Any, answer: type[Any]) -> Any:
        assert method == QUESTION
        question = params.questions[0]
        self.asked.append(question.question)
        label = self.labels[len(self.asked) - 1]
        return None if label is None else msgspec.convert({"answers": {question.id: {"answers": [label]}}}, answer)

    @property
    def outputs(self) -> list[str]:
        return [item["output"] for item in self.world.history if item["type"] == "function_call_output"]

    @property
    def spent(self) -> Spending:
        return self.world.thread.ledger.spent


def buy(call_id: str, usd: float | None = 0.0, tasks: int = 0) -> list[Any]:
    return called(call_id, "buy", json.dumps({"cost_usd": usd, "tasks": tasks}))


def details(turn: Json) -> Json:
    found: Json = json.loads(turn["error"]["additionalDetails"])
    return found


async def test_two_calls_against_one_cap(new_world: NewWorld) -> None:
    """Combination 6, 1-54, 1-53: the first runs, the second asks though nothing else is ever asked; no is no."""
    response = [*buy("a", 0.6), *buy("b", 0.6), *buy("c", 0.4), completed()]
    shop = Shop(new_world, {"budget.thread.cost_usd": 1}, response, labels=(None,))
    turn = await shop.world.run()
    assert turn["status"] == "completed"
    assert shop.tool.ran == ["a", "c"]
    assert len(shop.asked) == 1
    assert "0.6 USD" in shop.asked[0]
    assert "0.4 USD" in shop.asked[0]
    assert shop.outputs[1].startswith("Not run: The estimated cost of this call, 0.6 USD")
    assert (str(shop.spent.tools_usd), shop.spent.tool_calls) == ("1.0", 2)
    assert_valid(shop.world.history)


async def test_what_is_allowed_beyond_the_cap_runs_and_the_next_asks_again(new_world: NewWorld) -> None:
    """1-54, 1-55: a yes is for one call; it is charged, and the turn goes on."""
    first = [*buy("a", 0.6), *buy("b", 0.6), completed()]
    shop = Shop(new_world, {"budget.turn.cost_usd": 1}, first, [*buy("c", 0.1), completed()], labels=("Go on", "Stop"))
    turn = await shop.world.run()
    assert turn["status"] == "completed"
    assert shop.tool.ran == ["a", "b"]
    assert len(shop.asked) == 2
    assert "0 USD" in shop.asked[1]
    assert shop.outputs[2].startswith("Not run:")
    assert float(shop.spent.tools_usd) == 1.2


async def test_an_unknown_cost_asks_each_time(new_world: NewWorld) -> None:
    """1-54: what has no estimate may cost anything; without a cap nobody minds."""
    response = [*buy("a", None), *buy("b", None), completed()]
    shop = Shop(new_world, {"budget.turn.cost_usd": 1}, response, labels=("Go on", "Stop"))
    await shop.world.run()
    assert shop.tool.ran == ["a"]
    assert len(shop.asked) == 2


async def test_no_cap_no_question(new_world: NewWorld) -> None:
    shop = Shop(new_world, {}, [*buy("a", None), *buy("b", 100.0), completed()])
    await shop.world.run()
    assert shop.tool.ran == ["a", "b"]
    assert shop.world.thread.ledger.cost_usd == 100.0


async def test_a_call_waits_for_the_charge_of_the_one_before(new_world: NewWorld) -> None:
    """1-54: while the user thinks about the first, the second does not slip through on what it will have taken."""
    gate = Gate()
    shop = Shop(
        new_world, {"budget.turn.cost_usd": 1}, [*buy("a", 1.5), *buy("b", 0.5), completed()], labels=("Go on", None)
    )
    ask = shop._ask

    async def slowly(method: str, params: Any, answer: type[Any]) -> Any:
        if not shop.asked:
            await gate.wait()
        return await ask(method, params, answer)

    shop.world.followers.ask = slowly  # type: ignore[method-assign]
    turn = shop.world.start()
    await gate.reached.wait()
    assert shop.tool.ran == []
    gate.open()
    await turn.concluded.wait()
    assert shop.tool.ran == ["a"]
    assert "0 USD" in shop.asked[1]


async def test_an_estimate_that_fails_is_no_call(new_world: NewWorld) -> None:
    shop = Shop(new_world, {"budget.turn.cost_usd": 1}, [*called("a", "buy", '{"cost_usd": "free"}'), completed()])
    await shop.world.run()
    assert shop.tool.ran == []
    assert shop.outputs[0].startswith("buy failed: ValidationError")


async def test_delegated_tasks(new_world: NewWorld) -> None:
    """3-01, 3-65: each task is a unit, counted before it runs; what does not fit whole does not run."""
    response = [*buy("a", tasks=2), *buy("b", tasks=2), *buy("c"), completed()]
    shop = Shop(new_world, {"budget.turn.delegated_tasks": 3}, response)
    turn = await shop.world.run()
    assert shop.tool.ran == ["a"]
    assert details(turn) == {"scope": "turn", "kind": "delegatedTasks", "limit": 3, "used": 2}
    assert shop.outputs[1:] == ["Not run. The budget of this turn is used up: 2 of 3 delegated tasks."] * 2
    assert (shop.spent.delegated_tasks, shop.spent.tool_calls) == (2, 1)


async def test_a_retry_is_not_waited_for_once_nothing_may_follow(new_world: NewWorld) -> None:
    """3-02: the stream broke after a call was refused; there is no next attempt to announce."""
    broken = ModelError(Kind.DISCONNECTED, "The stream broke off", retry_after=1000.0)
    shop = Shop(new_world, {"budget.turn.tool_calls": 0}, [*buy("a"), broken])
    turn = await shop.world.run()
    assert details(turn)["kind"] == "toolCalls"
    assert [error["willRetry"] for error in shop.world.followers.of("error")] == [False]
    assert_valid(shop.world.history)


async def test_a_broken_response_counts_as_far_as_it_is_known(new_world: NewWorld) -> None:
    """3-08"""
    broken = ModelError(Kind.DISCONNECTED, "The stream broke off", retry_after=0.0)
    broken.usage = Usage(input_tokens=7, total_tokens=7)
    shop = Shop(new_world, {}, [broken], [*said("m", "ok"), completed(10)])
    await shop.world.run()
    assert shop.spent.tokens["gpt-5.5"].total_tokens == 18
    assert shop.spent.model_calls == {"turn": 2}


async def test_an_answer_over_the_budget_is_still_an_answer(new_world: NewWorld) -> None:
    """3-01: what shows only afterwards stops what follows, and here nothing does."""
    shop = Shop(new_world, {"budget.thread.total_tokens": 5}, [*said("m", "ok"), completed(10)])
    assert (await shop.world.run())["status"] == "completed"
    second = await shop.world.run()
    assert details(second) == {"scope": "thread", "kind": "totalTokens", "limit": 5, "used": 11}


async def test_a_steered_turn_takes_the_budget_that_comes_with_the_input(new_world: NewWorld) -> None:
    gate = Gate()
    shop = Shop(new_world, {}, [*said("m", "o"), gate, completed()])
    turn = shop.world.start()
    await gate.reached.wait()
    shop.world.thread.turns.start(words("more"), shop.world.settings, budget={"model_calls": 1})
    outcome = await shop.world.ended(turn)
    assert details(outcome) == {"scope": "turn", "kind": "modelCalls", "limit": 1, "used": 1}
    assert "more" in str(shop.world.history)


async def test_an_interrupt_that_comes_first_stays_one(new_world: NewWorld) -> None:
    """3-06: time that runs out while an interrupted turn ends does not make it a failed one."""
    gate, ending = Gate(), Gate()

    async def stubborn(call: ToolCall, context: ToolContext) -> ToolOutput:
        try:
            await gate.wait()
        finally:
            await ending.wait()
        raise AssertionError

    world = new_world([*called("a", "slow"), completed()], tools=[FakeTool("slow", stubborn)])
    turn = world.start()
    await gate.reached.wait()
    stopping = asyncio.ensure_future(world.interrupt(turn))
    await ending.reached.wait()
    turn.budget.give({"wall_seconds": 0})
    ending.open()
    assert (await stopping)["status"] == "interrupted"


async def test_out_of_time_waits_for_what_tools_clean_up(new_world: NewWorld) -> None:
    """3-01: an interrupt meanwhile does not cut the cleaning up short."""
    gate, ending, log = Gate(), Gate(), []

    async def tidy(call: ToolCall, context: ToolContext) -> ToolOutput:
        try:
            await gate.wait()
        finally:
            await ending.wait()
            log.append("tidy")
        raise AssertionError

    world = new_world([*called("a", "slow"), completed()], tools=[FakeTool("slow", tidy)])
    turn = world.start()
    await gate.reached.wait()
    turn.budget.give({"wall_seconds": 0})
    await ending.reached.wait()
    stopping = asyncio.ensure_future(world.interrupt(turn))
    ending.open()
    assert (await stopping)["status"] == "failed"
    assert log == ["tidy"]
    assert details(await world.ended(turn))["kind"] == "wallSeconds"
    assert_valid(world.history)


async def test_wall_time_adds_up_over_turns(new_world: NewWorld) -> None:
    """3-01, 3-08: the thread's time is that of its turns."""
    world = new_world()
    world.thread.ledger.spent.wall_ms = 5000
    world.thread.ledger.account.limits = msgspec.structs.replace(world.thread.ledger.account.limits, wall_seconds=5)
    await world.run()
    assert world.thread.ledger.spent.wall_ms >= 5000
    world.thread.ledger.spent.wall_ms = 5001
    assert details(await world.run())["kind"] == "wallSeconds"


async def test_nothing_is_charged_to_a_turn_that_never_began(new_world: NewWorld) -> None:
    world = new_world()
    turn = world.thread.turns.start(words("x"), world.settings)
    await world.interrupt(turn)
    assert world.thread.ledger.spent.turns == 0
    assert world.journal.kinds.count("spindled_spending") == 0


async def test_every_charge_is_on_disk_before_what_it_is_for(new_world: NewWorld) -> None:
    """3-03: a kill at any moment cannot make a call uncounted."""
    seen: list[tuple[int, int]] = []

    async def look(call: ToolCall, context: ToolContext) -> ToolOutput:
        rows = world.journal.rows
        charges = [row.payload for row in rows if row.type == "spindled_spending"]
        seen.append((len(charges), charges[-1].tool_calls))
        return ToolOutput("ok")

    world = new_world([*called("a", "look"), completed(3)], tools=[FakeTool("look", look)])
    await world.run()
    assert seen[0][1] == 1


async def test_the_sticky_verdict(new_world: NewWorld) -> None:
    """3-02: once something was refused, nothing that follows in the turn is done, whatever the limits are by then."""
    world = new_world()
    turn = world.thread.turns.start(words("x"), world.settings, budget={"model_calls": 0})
    with pytest.raises(BudgetExceeded):
        await turn.budget.model_call("turn", "gpt-5.5")
    turn.budget.give({"model_calls": None})
    with pytest.raises(BudgetExceeded):
        turn.budget.check()
    await world.interrupt(turn)
