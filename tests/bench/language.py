"""Prints how long language servers take from their start to the answer to `initialize`, and the ratio.

    python tests/bench/language.py [--runs N] [--bound RATIO]

Ours and jedi-language-server, a Python server on the same library, take turns; each value is the best of the runs.
With --bound the exit code is 1 if ours / theirs is above it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.home import Home, language_command

OURS, THEIRS = "spindled lsp", "jedi-language-server"
BODY = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"processId": None, "rootUri": None, "capabilities": {}},
    }
).encode()


def main(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Home.create(Path(folder))
        commands = {OURS: language_command(), THEIRS: [str(Path(sys.executable).with_name(THEIRS))]}
        values: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(arguments.runs):
            for name, command in commands.items():
                values[name].append(seconds(command, home))
    best = {name: min(taken) for name, taken in values.items()}
    for name, taken in best.items():
        print(f"{name:24} {taken * 1e3:7.0f} ms")
    ratio = best[OURS] / best[THEIRS]
    print(f"{'ratio':24} {ratio:7.2f}")
    return int(arguments.bound is not None and ratio > arguments.bound)


def seconds(command: Sequence[str], home: Home) -> float:
    """From the start to the whole answer."""
    begun = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=home.environment(),
        cwd=home.workspace,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY))
        process.stdin.flush()
        length = 0
        while header := process.stdout.readline().strip():
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        answer = json.loads(process.stdout.read(length))
        taken = time.perf_counter() - begun
        assert answer["id"] == 1, answer
        assert "capabilities" in answer["result"], answer
        process.kill()
    return taken


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, metavar="N")
    parser.add_argument("--bound", type=float, metavar="RATIO")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(parse()))
