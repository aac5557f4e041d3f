"""What the model is told about a command: how it stands, and its output cut to a token budget."""

from __future__ import annotations

from spindled.process.tail import HeadTail

BYTES_PER_TOKEN = 4


def token_count(size: int) -> int:
    """A rough count of the tokens in `size` bytes of text."""
    return -(-size // BYTES_PER_TOKEN)


def report(output: HeadTail, seconds: float, standing: str, max_tokens: int) -> str:
    """The answer to exec_command and write_stdin."""
    text = shortened(output, max_tokens)
    return (
        f"Wall time: {seconds:.4f} seconds\n{standing}\n"
        f"Original token count: {token_count(output.total)}\nOutput:\n{text}"
    )


def shortened(output: HeadTail, max_tokens: int) -> str:
    """The output with its middle left out if it is longer than `max_tokens`."""
    room = max(max_tokens, 1) * BYTES_PER_TOKEN
    if output.total <= room:
        return output.text()
    cut = HeadTail(room)
    head, end = output.parts()
    cut.append(head)
    cut.append(end)
    before, after = (part.decode("utf-8", "ignore") for part in cut.parts())
    left_out = token_count(output.total - room)
    return f"{before}\n[... {left_out} tokens left out ...]\n{after}"
