// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, expect, test } from "vitest";
import { type Completing, completingAt } from "../../webview/composer/completion";
import { Suggestions, useSuggestions } from "../../webview/composer/suggestions";
import { ViewContext } from "../../webview/context";
import { Store } from "../../webview/store";

const root = document.body.appendChild(document.createElement("div"));
const searches: { of: string; answer(list: unknown): Promise<void>; fail(): Promise<void> }[] = [];
let taken: string | undefined;

afterEach(() => {
  render(null, root);
  searches.length = 0;
});

function search(of: string): Promise<never> {
  return new Promise((resolve, reject) => {
    const settled = (settle: () => void) =>
      act(async () => {
        settle();
        await new Promise(setImmediate); // until all that hangs on it has run
      });
    searches.push({ of, answer: (list) => settled(() => resolve(list as never)), fail: () => settled(reject) });
  });
}

function List({ completing }: { completing: Completing | null }) {
  const { suggestions, chosen } = useSuggestions(completing);
  return <Suggestions suggestions={suggestions} chosen={chosen} onTake={({ insert }) => (taken = insert)} />;
}

async function type(text: string): Promise<void> {
  const store = new Store();
  store.folders.value = ["/work"];
  const host = {
    call: (_: string, { query }: { query: string }) => search(`files ${query}`),
    symbols: (query: string) => search(`symbols ${query}`),
  };
  await act(() =>
    render(
      <ViewContext.Provider value={{ store, host: host as never, announce: () => undefined }}>
        <List completing={completingAt(text, text.length)} />
      </ViewContext.Provider>,
      root,
    ),
  );
}

const shown = () => [...root.querySelectorAll("li")].map((each) => each.textContent);
const files = { files: [{ path: "src/spin.py", file_name: "spin.py" }] };
const symbols = [
  { name: "spin", container: "Wheel", place: "src/wheel.py:3-9" },
  { name: "spinner", container: "", place: "src/ui.ts:1-4" },
];

test("files come before symbols, whichever is found first", async () => {
  await type("see @spi");
  expect(searches.map(({ of }) => of)).toEqual(["files spi", "symbols spi"]);
  await searches[1]!.answer(symbols);
  expect(shown()).toEqual(["spin Wheel, src/wheel.py:3-9", "spinner src/ui.ts:1-4"]);
  await searches[0]!.answer(files);
  expect(shown()).toEqual(["spin.py src/spin.py", "spin Wheel, src/wheel.py:3-9", "spinner src/ui.ts:1-4"]);
});

test("what the model gets of a symbol is its name, with its path and lines", async () => {
  await type("@spi");
  await searches[1]!.answer(symbols);
  root.querySelector("li")?.dispatchEvent(new Event("mousedown", { bubbles: true }));
  expect(taken).toBe("spin (@src/wheel.py:3-9)");
});

test("files are there also where symbols cannot be found", async () => {
  await type("@spi");
  await searches[1]!.fail();
  await searches[0]!.answer(files);
  expect(shown()).toEqual(["spin.py src/spin.py"]);
});

test("an answer that comes after the next letter is dropped", async () => {
  await type("@spi");
  await type("@spin");
  await searches[3]!.answer(symbols.slice(0, 1));
  await searches[1]!.answer(symbols);
  expect(shown()).toEqual(["spin Wheel, src/wheel.py:3-9"]);
});

test("nothing is looked for before the first letter, nor behind a mention", async () => {
  await type("@");
  await type("spin (@src/wheel.py:3-9) ");
  expect(searches).toEqual([]);
  expect(shown()).toEqual([]);
});
