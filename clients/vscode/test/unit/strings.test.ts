import { readFile, readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { config, t } from "@vscode/l10n";
import { getL10nJson } from "@vscode/l10n-dev";
import { expect, test } from "vitest";
import { parseAst } from "vite";

/** The exporter takes its time. */
const EXPORT = { timeout: 60_000 };
const ROOT = join(__dirname, "../..");

async function sources(...folders: string[]): Promise<{ path: string; contents: string; extension: string }[]> {
  const found = folders.map(async (folder) => {
    const entries = await readdir(join(ROOT, folder), { recursive: true });
    return entries.filter((each) => /\.tsx?$/.test(each)).map((each) => join(folder, each));
  });
  const read = async (path: string) => ({
    path,
    contents: await readFile(join(ROOT, path), "utf8"),
    extension: extname(path),
  });
  return Promise.all((await Promise.all(found)).flat().map(read));
}

async function json(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(ROOT, path), "utf8")) as Record<string, unknown>;
}

test("the bundle for translators has every string of the extension and of the view, and no other", EXPORT, async () => {
  const used = Object.keys(await getL10nJson(await sources("src", "webview"))).sort();
  const known = Object.keys(await json("l10n/bundle.l10n.json")).sort();
  expect(known, "npx vscode-l10n-dev export --outDir l10n src webview").toEqual(used);
  expect(used).toContain("Message to the agent");
});

test("strings are written so that the exporter finds them", async () => {
  // It knows l10n.t("..."), and not t("...").
  const passedOver = (await sources("src", "webview")).filter(({ contents }) =>
    /import \{[^}]*\} from "@vscode\/l10n"/.test(contents),
  );
  expect(passedOver.map(({ path }) => path)).toEqual([]);
});

test("the view shows no words that go past the translators", async () => {
  const found = (await sources("webview")).flatMap(({ path, contents }) => literals(path, contents));
  expect(found).toEqual([]);
});

test("words that go past the translators are found", () => {
  const view = `export const A = () => <p title="Some title">
    Words {ready ? "Ready" : l10n.t("Busy")} {left && \`\${left} left\`} <pre>pip install</pre> <b class="x" aria-label={l10n.t("Label")} />
  </p>;`;
  expect(literals("a.tsx", view)).toEqual(["a.tsx: Some title", "a.tsx: Words", "a.tsx: Ready", "a.tsx: left"]);
});

test("every name in package.json that stands for a string has one", async () => {
  const names = JSON.stringify(await json("package.json")).matchAll(/"%([\w.]+)%"/g);
  expect(Object.keys(await json("package.nls.json")).sort()).toEqual(
    [...new Set([...names].map(([, name]) => name))].sort(),
  );
});

test("the view speaks the language of the bundle that it is given", () => {
  config({ contents: JSON.stringify({ "Show all {0} characters": "Alle {0} Zeichen zeigen" }) });
  expect(t("Show all {0} characters", 12)).toBe("Alle 12 Zeichen zeigen");
  expect(t("Send")).toBe("Send");
});

const SPOKEN = new Set(["aria-label", "aria-description", "alt", "label", "placeholder", "title"]);
/** What is in them is no language of people. */
const CODE = new Set(["code", "pre"]);

interface Node {
  type: string;
  [field: string]: unknown;
}

/** The words between and in the tags of a module that are there as they are. */
function literals(path: string, contents: string): string[] {
  const found: string[] = [];
  const say = (text: string) => {
    if (/\p{L}/u.test(text)) found.push(`${path}: ${text.trim()}`);
  };
  const walk = (node: Node, spoken: boolean): void => {
    switch (node.type) {
      case "JSXElement": {
        const name = ((node["openingElement"] as Node)["name"] as Node)["name"] as string;
        walk(node["openingElement"] as Node, false);
        for (const child of node["children"] as Node[]) walk(child, !CODE.has(name));
        return;
      }
      case "JSXAttribute": {
        const name = (node["name"] as Node)["name"] as string;
        if (node["value"]) walk(node["value"] as Node, SPOKEN.has(name));
        return;
      }
      case "JSXText":
      case "Literal":
        if (spoken && typeof node["value"] === "string") say(node["value"]);
        return;
      case "TemplateElement":
        if (spoken) say((node["value"] as { raw: string }).raw);
        return;
      case "ConditionalExpression":
        walk(node["test"] as Node, false);
        walk(node["consequent"] as Node, spoken);
        walk(node["alternate"] as Node, spoken);
        return;
      case "LogicalExpression":
      case "TemplateLiteral":
      case "JSXExpressionContainer":
      case "JSXFragment":
        children(node).forEach((each) => walk(each, spoken));
        return;
      default:
        children(node).forEach((each) => walk(each, false));
    }
  };
  walk(parseAst(contents, { lang: path.endsWith("x") ? "tsx" : "ts" }, path) as unknown as Node, false);
  return found;
}

function children(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((each): each is Node => typeof (each as Node | null)?.type === "string");
}
