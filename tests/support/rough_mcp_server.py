"""An MCP server over stdio with bad manners, standard library only: `python rough_mcp_server.py LOG [MANNER...]`.

What it reads goes to LOG, a JSON object a line. Manners of the start: `silent` answers nothing, `quits` ends at once,
`chatty` says what is no JSON before and between its messages, `waits` starts once somebody writes to LOG.gate (a
pipe), `pages` lists its tools in pages, `strange` lists tools that are none, `stays` does not leave at the end of its
input, `grows` has one more tool after the first list and says so.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LOG = Path(sys.argv[1])
MANNERS = set(sys.argv[2:])
OBJECT = {"type": "object", "properties": {}}
NAMES = ["say", "crash", "stall", "huge", "flood", "twice", "fail", "ask", "child", "broken_image", "odd.name"]


def put(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def send(message: dict[str, Any]) -> None:
    if "chatty" in MANNERS:
        put("debug: about to send {")
        put('{"half": ')
        put('["no", "message"]')
    put(json.dumps({"jsonrpc": "2.0", **message}))


def note(message: dict[str, Any]) -> None:
    with open(LOG, "a") as file:
        file.write(json.dumps(message) + "\n")


def text(value: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}]}


def listed(params: dict[str, Any]) -> dict[str, Any]:
    tools: list[Any] = [{"name": name, "description": f"It is {name}.", "inputSchema": OBJECT} for name in NAMES]
    if "strange" in MANNERS:
        tools += [5, {"description": "no name"}, {"name": 7}, {"name": "bare", "inputSchema": "none", "annotations": 1}]
    if "pages" in MANNERS:
        at = int(params.get("cursor", "0"))
        return {"tools": tools[at : at + 3], **({"nextCursor": str(at + 3)} if at + 3 < len(tools) else {})}
    if "grows" in MANNERS and "grown" not in MANNERS:
        MANNERS.add("grown")
        return {"tools": tools}
    return {"tools": [*tools, {"name": "grown", "inputSchema": OBJECT}] if "grown" in MANNERS else tools}


def call(name: str, arguments: dict[str, Any], token: Any) -> dict[str, Any] | None:
    if name == "say":
        return text(json.dumps(arguments))
    if name == "crash":
        os._exit(3)
    if name == "huge":
        return text("x" * int(arguments["size"]))
    if name == "flood":
        for step in range(1000):
            send({"method": "notifications/progress", "params": {"progressToken": token, "progress": step}})
        return text("flooded")
    if name == "fail":
        return {**text("it went wrong"), "isError": True}
    if name == "child":
        program = "import time\nwhile True: time.sleep(60)"
        return text(str(subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.DEVNULL).pid))
    if name == "broken_image":
        return {"content": [{"type": "image", "data": "bm90IGFuIGltYWdl", "mimeType": "image/png"}]}
    return None


def answer(method: str, params: dict[str, Any], number: Any) -> dict[str, Any] | None:
    if method == "initialize":
        info = {"name": "rough", "version": "1", "unknown": [1]}
        capabilities = {"tools": {"listChanged": True}, "resources": {}}
        return {"protocolVersion": params["protocolVersion"], "capabilities": capabilities, "serverInfo": info}
    if method == "tools/list":
        return listed(params)
    if method == "resources/list":
        return {"resources": [{"uri": "rough://one", "name": "one"}, {"no": "uri"}, "nothing"]}
    if method == "resources/templates/list":
        return {"resourceTemplates": []}
    if method == "tools/call":
        name = params["name"]
        if name == "ask":
            send({"id": f"ask-{number}", "method": "elicitation/create", "params": params["arguments"]})
            return None
        if name == "twice":
            send({"id": number, "result": text("first")})
            return text("second")
        return call(name, params.get("arguments") or {}, (params.get("_meta") or {}).get("progressToken"))
    return None


def main() -> None:
    if "stays" in MANNERS:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "quits" in MANNERS:
        sys.exit(1)
    if "waits" in MANNERS:
        Path(f"{LOG}.gate").read_text()
    for line in sys.stdin:
        message = json.loads(line)
        note(message)
        if "silent" in MANNERS:
            continue
        number, method = message.get("id"), message.get("method")
        if method is None and str(number).startswith("ask-"):
            send({"id": int(str(number)[4:]), "result": text(json.dumps(message.get("result") or message["error"]))})
        elif method is not None and number is not None:
            if method == "resources/read":
                send({"id": number, "error": {"code": -32002, "message": "there is no such resource"}})
            elif (result := answer(method, message.get("params") or {}, number)) is not None:
                send({"id": number, "result": result})
            if method == "tools/list" and "grown" in MANNERS:
                send({"method": "notifications/tools/list_changed"})
                MANNERS.discard("grows")
    while "stays" in MANNERS:
        time.sleep(60)


if __name__ == "__main__":
    main()
