"""The grammar under arbitrary input."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spindled.scripted.conversation import Conversation
from spindled.scripted.items import Message
from spindled.scripted.script import plan

WORDS = (
    "say think stream repeat json run write replace patch plan view call parallel fail words every times cut 3 -> {}"
)
lines = st.lists(st.sampled_from(WORDS.split()) | st.text(max_size=5), max_size=6).map(" ".join)
scripts = st.lists(lines, max_size=6).map("\n".join)


@given(scripts, st.integers(0, 3))
def test_every_message_gets_a_reply(message, failures):
    reply = plan(Conversation(message=message, outcomes=(), schema=None), failures)
    assert reply.items or reply.failure


@given(st.text(min_size=1))
def test_deltas_make_up_the_text(text):
    assert Message.of(text).text == text
