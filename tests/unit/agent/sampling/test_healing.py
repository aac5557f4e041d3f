from __future__ import annotations

from typing import Any

import pytest

from spindled.agent.history.history import History
from spindled.agent.sampling.efforts import Efforts
from spindled.agent.sampling.healing import Healing
from spindled.config.models.models import lookup
from spindled.model.errors import Kind, ModelError
from spindled.model.request import ModelRequest

EFFORT = "Unsupported value: 'xhigh' is not supported with the 'm' model. Supported values are: 'low' and 'high'."
STALE = "The encrypted content gAAA...C90= could not be verified."
SEALED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
OPEN = {"type": "reasoning", "id": "rs_2", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}
ANSWER = {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}
QUESTION = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "q"}]}


def refusal(message: str, kind: Kind = Kind.BAD_REQUEST, **more: Any) -> ModelError:
    return ModelError(kind, message, status=400, **more)


class Patient:
    def __init__(self, *items: dict[str, Any], effort: str | None = "xhigh") -> None:
        self.history = History(items)
        self.efforts = Efforts(lambda model: lookup(model).efforts)
        self.effort = effort
        self.healing = Healing(lambda: self.history.items, self.efforts, self.history.replace)

    def cure(self, error: ModelError) -> str | None:
        request = ModelRequest(model="m", effort=self.efforts.accepted("m", self.effort))
        return self.healing.cure(error, request)


# -- efforts


@pytest.mark.parametrize(
    "error",
    [
        refusal(EFFORT, param="reasoning.effort", code="unsupported_value"),
        refusal(EFFORT, code="invalid_request_body"),
        refusal("'reasoning_effort' does not support 'xhigh' with this model. Supported values are: 'low', 'high'."),
        refusal('level "xhigh" not supported, valid levels: low, high'),
    ],
)
def test_an_effort_that_is_refused(error: ModelError) -> None:
    """Row 1-05."""
    patient = Patient()
    told = patient.cure(error)
    assert told is not None
    assert "`xhigh`" in told
    assert "`high`" in told
    assert patient.efforts.accepted("m", "xhigh") == "high"


def test_lower_first_then_none_then_no_more() -> None:
    """Row 1-05: each remedy once."""
    patient = Patient()
    assert "`high`" in str(patient.cure(refusal(EFFORT)))
    assert "without one" in str(patient.cure(refusal("reasoning_effort: unsupported value")))
    assert patient.efforts.accepted("m", "xhigh") is None
    assert patient.cure(refusal(EFFORT)) is None


@pytest.mark.parametrize(
    "error",
    [
        refusal(
            "Unsupported parameter: 'reasoning.effort' is not supported with this model.", param="reasoning.effort"
        ),
        refusal("Unrecognized request argument supplied: reasoning_effort", code="unsupported_parameter"),
        refusal("thinking is not supported for this model"),
    ],
)
def test_a_model_that_takes_no_effort(error: ModelError) -> None:
    """Row 1-05: "thinking ... not supported"."""
    patient = Patient()
    assert "without one" in str(patient.cure(error))
    assert patient.efforts.accepted("m", "xhigh") is None


@pytest.mark.parametrize(
    "error",
    [
        refusal("Unsupported value: 'xhigh' is not supported with this model.", param="text.verbosity"),
        refusal("Your organization must be verified to generate reasoning summaries.", param="reasoning.summary"),
        refusal("Invalid schema for function 'x'"),
        refusal(EFFORT, Kind.RATE_LIMIT),
        refusal(EFFORT, Kind.DISCONNECTED),
        refusal("maximum context length", Kind.CONTEXT_WINDOW),
    ],
)
def test_other_refusals_stand(error: ModelError) -> None:
    assert Patient(SEALED, ANSWER).cure(error) is None


def test_without_an_effort_there_is_none_to_lower() -> None:
    assert Patient(effort=None).cure(refusal(EFFORT)) is None


# -- reasoning


@pytest.mark.parametrize(
    "error",
    [
        refusal(STALE, code="invalid_encrypted_content"),
        refusal(STALE),
        refusal("Reason: Encrypted content could not be decrypted or parsed."),
        ModelError(Kind.DISCONNECTED, "x", code="invalid_encrypted_content"),
        refusal("messages.1.content.0: Invalid `signature` in `thinking` block", code="invalid_request_error"),
        refusal("messages.3: `thinking` or `redacted_thinking` blocks in the latest message cannot be modified"),
        refusal("Item 'rs_1' of type 'reasoning' was provided without its required following item."),
    ],
)
def test_reasoning_that_the_provider_cannot_read(error: ModelError) -> None:
    """Row 1-06."""
    patient = Patient(QUESTION, SEALED, ANSWER, OPEN, ANSWER)
    assert "earlier reasoning" in str(patient.cure(error))
    kept = {key: value for key, value in ANSWER.items() if key != "id"}
    assert [item["type"] for item in patient.history.items] == ["message", "message", "reasoning", "message"]
    assert patient.history.items[1] == kept
    assert patient.efforts.accepted("m", "xhigh") == "xhigh"
    assert patient.cure(error) is None


def test_nothing_to_forget_is_no_cure() -> None:
    """Row 1-06: no strip possible, no retry."""
    patient = Patient(QUESTION, OPEN, ANSWER)
    assert patient.cure(refusal(STALE, code="invalid_encrypted_content")) is None
    assert patient.history.items == [QUESTION, OPEN, ANSWER]


def test_one_remedy_does_not_use_up_the_other() -> None:
    patient = Patient(SEALED, ANSWER)
    assert patient.cure(refusal(EFFORT)) is not None
    assert patient.cure(refusal(STALE)) is not None
