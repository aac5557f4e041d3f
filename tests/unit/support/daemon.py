"""A stand-in for a daemon: answers, asks and breaks off as the method says."""

import json
import sys


def send(**message: object) -> None:
    print(json.dumps(message), flush=True)


for line in sys.stdin:
    request = json.loads(line)
    method = request.get("method")
    if method == "fail":
        send(id=request["id"], error={"code": -32600, "message": "no"})
    elif method == "ask":
        send(id=0, method="item/commandExecution/requestApproval", params={"n": 1})
        send(id=request["id"], result={})
    elif method is None:
        send(method="answered", params=request["result"])
    elif method == "long":
        send(id=request["id"], result="x" * 300_000)
    elif method == "garbage":
        print("no json", flush=True)
        send(id=request["id"], result={})
    elif method == "vanish":
        print("last words", file=sys.stderr)
        sys.exit(3)
    elif method == "turn/start":
        send(id=request["id"], result={"turn": {"id": "t"}})
        send(method="turn/completed", params={"turn": {"id": "t"}})
        send(method="afterwards", params={})
    elif method != "silence":
        send(id=request["id"], result=request.get("params"))
