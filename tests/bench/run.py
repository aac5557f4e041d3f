"""Prints figures of this daemon, side by side with those of a reference server if one is given.

    python tests/bench/run.py [--reference PATH_TO_CODEX] [--quick]

Both talk to one fake provider over loopback. The servers take turns run by run, so that what else the machine does
meets both; each value is the median of the runs, with the best of them in brackets. A ratio is ours / reference.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.figures import EQUAL, MEASUREMENTS, MORE_IS_BETTER, QUICK, Figures, Sizes, Subject
from tests.bench.process import Refused
from tests.bench.provider import Provider
from tests.support.home import daemon_command

IDLE = 0.8
"""Share of the machine that must be idle before a run begins."""
Values = dict[str, list[float]]


async def main(arguments: argparse.Namespace) -> None:
    sizes = QUICK if arguments.quick else Sizes()
    commands = {"ours": daemon_command()}
    if arguments.reference:
        commands["reference"] = [str(arguments.reference), "app-server"]
    provider = await Provider.start()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            subjects = [
                Subject(label, command, Path(folder) / label, provider, sizes) for label, command in commands.items()
            ]
            values = await measure(subjects, arguments)
    finally:
        await provider.stop()
    print(table(values))


async def measure(subjects: Sequence[Subject], arguments: argparse.Namespace) -> dict[str, Values]:
    """Label -> figure -> its values."""
    values: dict[str, Values] = {subject.label: {} for subject in subjects}
    for measurement, times in MEASUREMENTS:
        if arguments.only and measurement.__name__ not in arguments.only:
            continue
        print(measurement.__name__, file=sys.stderr)
        for _ in range(1 if arguments.quick else times):
            for subject in subjects:
                await idle(0.0 if arguments.quick else arguments.patience)
                try:
                    add(values[subject.label], await measurement(subject))
                except Refused as error:
                    print(f"{measurement.__name__}, {subject.label}: {error}", file=sys.stderr)
    return values


def add(values: Values, figures: Figures) -> None:
    for name, value in figures.items():
        values.setdefault(name, []).append(value)


async def idle(patience: float) -> None:
    """Wait until the machine is idle, at most so many seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        idle_before, all_before = processor_times()
        await asyncio.sleep(0.5)
        idle_after, all_after = processor_times()
        if idle_after - idle_before >= IDLE * (all_after - all_before):
            return


def processor_times() -> tuple[int, int]:
    """(idle, all) of the whole machine, in ticks."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return fields[3] + fields[4], sum(fields)


def table(values: dict[str, Values]) -> str:
    """A row a figure that all have, a column a server, and the ratio if there are two."""
    labels = list(values)
    header = ["figure", *labels, *(["ratio"] if len(labels) == 2 else [])]
    names = [name for name in values[labels[0]] if all(name in values[label] for label in labels)]
    rows = [row(name, [values[label][name] for label in labels]) for name in names]
    widths = [max(len(line[column]) for line in [header, *rows]) for column in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(map(padded, line, widths, range(len(line)))) + " |" for line in lines)


def padded(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column else cell.ljust(width)


def row(name: str, columns: list[list[float]]) -> list[str]:
    best = max if name.endswith(MORE_IS_BETTER) else min
    medians = [statistics.median(column) for column in columns]
    cells = [
        number(median) if name.endswith(EQUAL) else f"{number(median)} ({number(best(column))})"
        for median, column in zip(medians, columns, strict=True)
    ]
    if len(columns) == 2:
        cells.append("" if name.endswith(EQUAL) or not medians[1] else f"{medians[0] / medians[1]:.2f}")
    return [name, *cells]


def number(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    names = [measurement.__name__ for measurement, _ in MEASUREMENTS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, metavar="PATH", help="the codex binary; nothing is installed")
    parser.add_argument("--quick", action="store_true", help="small sizes, one run: shows that it works, no more")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"some of: {', '.join(names)}")
    parser.add_argument(
        "--patience", type=float, default=10.0, metavar="S", help="wait so long for an idle machine before each run"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    asyncio.run(main(parse()))
