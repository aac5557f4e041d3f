// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { render } from "preact";
import { act } from "preact/test-utils";
import { beforeEach, expect, test } from "vitest";
import type { ThreadGrant } from "../../src/protocol/types";
import { type View, ViewContext } from "../../webview/context";
import { Grants, describe } from "../../webview/composer/grants";

const common = { grantedAtMs: 1 };
const RUN: ThreadGrant = { ...common, type: "command", id: "1", command: "make", cwd: "/w", escalated: false };
const FILE: ThreadGrant = { ...common, type: "file", id: "2", path: "/w/a.txt" };

/** A daemon with these grants; one that is older has none to tell. */
class World {
  grants: ThreadGrant[] | null = [RUN, FILE];
  readonly calls: string[] = [];
  readonly said: string[] = [];
  private readonly version = signal(0);
  private readonly root = document.createElement("div");
  private readonly view = {
    host: { call: (method: string, params: { grantId?: string }) => this.answer(method, params) },
    store: {
      threadId: signal("t"),
      daemon: signal({ is: "running" }),
      version: this.version,
      get thread() {
        return { cwd: "/w", grantChanges: this.version.value };
      },
    },
    announce: (text: string) => this.said.push(text),
  } as unknown as View;

  constructor() {
    document.body.replaceChildren(this.root);
  }

  async show(): Promise<void> {
    await act(() =>
      render(
        <ViewContext.Provider value={this.view}>
          <Grants />
        </ViewContext.Provider>,
        this.root,
      ),
    );
  }

  async press(name: string): Promise<void> {
    await act(() => this.button(name)!.click());
  }

  async changed(): Promise<void> {
    this.version.value += 1;
    await this.show(); // as the store's signal does it
  }

  button(name: string): HTMLButtonElement | undefined {
    return [...this.root.querySelectorAll("button")].find(
      (each) => (each.getAttribute("aria-label") ?? each.textContent) === name,
    );
  }

  get rows(): (string | null)[] {
    return [...this.root.querySelectorAll("li code")].map((each) => each.textContent);
  }

  private async answer(method: string, { grantId }: { grantId?: string }): Promise<object> {
    this.calls.push(method);
    if (!this.grants) throw new Error("unknown method");
    if (method === "thread/grants/list") return { data: [...this.grants] };
    const left = this.grants.filter(({ id }) => id !== grantId);
    const revoked = left.length < this.grants.length;
    this.grants = left;
    return { revoked };
  }
}

let world: World;

beforeEach(() => {
  world = new World();
});

test("what is approved is listed and revoked, and the keyboard stays where it is", async () => {
  await world.show();
  expect(world.rows).toEqual([]);
  await world.press("Session approvals: 2");
  expect(world.rows).toEqual(["make", "a.txt"]);
  world.button("Revoke make")!.focus();
  await world.press("Revoke make");
  await world.changed();
  expect(world.rows).toEqual(["a.txt"]);
  expect(world.said).toEqual(["Revoked. You will be asked again."]);
  expect(document.activeElement).toBe(world.button("Session approvals: 1"));
  const escape = new KeyboardEvent("keydown", { key: "Escape", bubbles: true });
  await act(() => void document.activeElement!.dispatchEvent(escape));
  expect(world.rows).toEqual([]);
  expect(world.button("Session approvals: 1")!.getAttribute("aria-expanded")).toBe("false");
});

test("what is gone already is not said to be revoked", async () => {
  await world.show();
  await world.press("Session approvals: 2");
  world.grants = [FILE];
  await world.press("Revoke make");
  expect(world.said).toEqual([]);
});

test("nothing shows while nothing is approved, or the daemon cannot tell", async () => {
  world.grants = [];
  await world.show();
  expect(document.body.textContent).toBe("");
  world.grants = null;
  await world.changed();
  expect(document.body.textContent).toBe("");
  expect(world.calls).toEqual(["thread/grants/list", "thread/grants/list"]);
});

test("every kind has words", () => {
  const input = { ...common, type: "terminalInput", id: "3", itemId: "c", command: "python", cwd: "/w" } as const;
  const tool = { ...common, type: "mcpTool", id: "4", server: "db", tool: "query" } as const;
  expect([RUN, FILE, input, tool].map((grant) => describe(grant, "/w"))).toEqual([
    { text: "make", detail: "in /w" },
    { text: "a.txt", detail: "changes of this file" },
    { text: "python", detail: "what is typed into it" },
    { text: "query", detail: "of the server db" },
  ]);
});
