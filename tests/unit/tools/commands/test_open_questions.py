from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from spindled.tools.commands.open_questions import OpenQuestions

SHORT, LONG = 0.001, 3600.0


@pytest_asyncio.fixture
async def done() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def test_a_wait_ends_with_its_time_or_before(done: asyncio.Future[None]) -> None:
    questions = OpenQuestions()
    await questions.wait(done, SHORT)
    waiting = asyncio.create_task(questions.wait(done, LONG))
    await asyncio.sleep(0)
    done.set_result(None)
    await waiting


async def test_time_stands_still_while_any_question_is_open(done: asyncio.Future[None]) -> None:
    questions = OpenQuestions()
    questions.asked()
    waits = [asyncio.create_task(questions.wait(done, SHORT)) for _ in range(3)]
    await OpenQuestions().wait(done, 20 * SHORT)
    questions.asked()
    questions.answered()
    await OpenQuestions().wait(done, 20 * SHORT)
    assert not any(task.done() for task in waits)
    questions.answered()
    await asyncio.gather(*waits)


async def test_a_question_in_the_middle_of_a_wait_stops_its_clock(done: asyncio.Future[None]) -> None:
    questions = OpenQuestions()
    waiting = asyncio.create_task(questions.wait(done, 300 * SHORT))
    await asyncio.sleep(0)
    questions.asked()
    await OpenQuestions().wait(done, 400 * SHORT)
    assert not waiting.done()
    done.set_result(None)
    await waiting
    assert questions.count == 1


async def test_a_wait_that_is_given_up_leaves_the_others(done: asyncio.Future[None]) -> None:
    questions = OpenQuestions()
    questions.asked()
    first, second = (asyncio.create_task(questions.wait(done, SHORT)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    questions.answered()
    await second


async def test_no_answer_without_a_question() -> None:
    questions = OpenQuestions()
    with pytest.raises(ValueError, match="no question"):
        questions.answered()
    assert questions.count == 0
