"""Make `docs/protocol.md`: what of the wire is served, read from the method table, the routes and the source.

python scripts/protocol_table.py            write
python scripts/protocol_table.py --check    exit 1 if the file would differ
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "protocol")]

from families import family_of_method  # noqa: E402
from spindled.api.routes import CLOUDLESS, ROUTES  # noqa: E402
from spindled_protocol.description import read_methods, read_types  # noqa: E402
from spindled_protocol.methods import METHODS, Method  # noqa: E402
from spindled_protocol.version import WIRE_VERSION  # noqa: E402

DOCUMENT = ROOT / "docs" / "protocol.md"
SOURCE = ROOT / "daemon" / "spindled"
SERVED = {"initialize", *ROUTES}  # the face answers `initialize` itself
OWN = {(name, field["name"]) for name, row in read_types().items() for field in row.get("fields", ()) if "own" in field}
OWN_METHODS = {row["method"] for row in read_methods() if "own" in row}
FIRST_FAMILIES = ("lifecycle", "threads", "resume", "library", "turns")

INTRODUCTION = f"""\
# Protocol

Made by `scripts/protocol_table.py` from the method table, the routes and the source: do not edit.

The wire is that of `codex app-server` {WIRE_VERSION}; [compatibility.md](compatibility.md) says what differs.

## Framing

JSON-RPC over stdin and stdout: one JSON object a line, UTF-8, ended by LF (CR LF is understood), at most 64 MiB. No
batches. The member `jsonrpc` is ignored and not sent. Logs go to stderr. Ids are strings or integers; requests of the
daemon count from 0, apart from the ids that the client uses. Every notification of the daemon carries `emittedAtMs`.

`initialize` comes first. `capabilities.experimentalApi` opens experimental methods and fields,
`capabilities.optOutNotificationMethods` names notifications that are not to be sent. The end of input ends the daemon:
running turns are interrupted, answers that are due are written, the exit code is 0.

## Errors

| code | when |
| --- | --- |
| -32700 | the line is not JSON; `id` is null |
| -32600 | no message; not initialized, or twice; unknown method; params that do not fit |
| -32600 | something experimental without the capability; something impossible, such as an unknown thread |
| -32602 | command/exec and process/*: values that do not go together |
| -32601 | a method of the wire that this version does not serve: `` `METHOD` is not supported yet `` |
| -32603 | the daemon itself failed, for example to write a file |
"""

REQUESTS = """\
{served} of {total} work, and {cloudless} answer as a server does that has no vendor's cloud behind it (cloudless): the
shapes and codes that the reference gives without a login. The others are answered with -32601 until they are built.
All fields of a method that works are accepted; those that belong to a feature that is not built have no effect. Methods
and fields marked (spindled) are our own, declared in `protocol/extensions.json`: experimental, and never needed. A
heading is the module of `spindled_protocol.types` that has the types.
"""


def document() -> str:
    requests = [method for method in METHODS.values() if method.kind == "client_request"]
    return "\n".join([INTRODUCTION, *_requests(requests), *_sent(sent_methods(SOURCE))])


def sent_methods(source: Path) -> set[str]:
    """The server's methods that the source names: it has no other reason to name one than to send it."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in source.rglob("*.py")]
    words = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {name for name, method in METHODS.items() if method.kind.startswith("server_") and name in words}


def _requests(methods: list[Method]) -> Iterator[str]:
    families: dict[str, list[Method]] = defaultdict(list)
    for method in methods:
        families[family_of_method(method.name)].append(method)
    states = Counter(_state(method) for method in methods)
    yield "## Requests of clients\n"
    yield REQUESTS.format(served=states["works"], cloudless=states["cloudless"], total=len(methods))
    first = [family for family in FIRST_FAMILIES if family in families]
    for family in (*first, *sorted(families.keys() - set(first))):
        yield f"### {family}\n"
        yield from _table(("method", "state", "stability"), map(_request_row, sorted(families[family], key=_name)))


def _request_row(method: Method) -> tuple[str, str, str]:
    stability = "experimental" if method.experimental else "stable"
    if method.experimental_fields and not method.experimental:
        fields = ", ".join(_fields(method))
        stability = f"stable; experimental: {fields}"
    return _marked(method), _state(method), stability


def _state(method: Method) -> str:
    if method.name in CLOUDLESS:
        return "cloudless"
    return "works" if method.name in SERVED else "-32601"


def _sent(names: set[str]) -> Iterator[str]:
    yield "## What the daemon sends\n"
    for kind, title in (("server_request", "Requests to the client"), ("server_notification", "Notifications")):
        wire = [method for method in METHODS.values() if method.kind == kind]
        sent = sorted((method for method in wire if method.name in names), key=_name)
        yield f"### {title}\n"
        yield f"{len(sent)} of the wire's {len(wire)}.\n"
        yield from _table(("method", "params"), map(_sent_row, sent))


def _sent_row(method: Method) -> tuple[str, str]:
    extra = f"; experimental: {', '.join(_fields(method))}" if method.experimental_fields else ""
    answer = [f"`{field}` (spindled)" for name, field in sorted(OWN) if name == method.result]
    return _marked(method), f"`{method.params}`{extra}" + f"; in the answer: {', '.join(answer)}" * bool(answer)


def _marked(method: Method) -> str:
    return f"`{method.name}`" + " (spindled)" * (method.name in OWN_METHODS)


def _fields(method: Method) -> list[str]:
    """The experimental ones."""
    return [f"`{field}`" + " (spindled)" * ((method.params, field) in OWN) for field in method.experimental_fields]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(row)} |"
    yield ""


def _name(method: Method) -> str:
    return method.name


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    text = document().rstrip("\n") + "\n"
    stale = not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != text
    if check:
        if stale:
            print(f"stale: {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)
        return 1 if stale else 0
    DOCUMENT.write_text(text, encoding="utf-8")
    print(f"{DOCUMENT.relative_to(ROOT)}: {'changed' if stale else 'unchanged'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
