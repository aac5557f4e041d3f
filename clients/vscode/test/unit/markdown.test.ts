import { expect, test } from "vitest";
import { GrowingMarkdown } from "../../webview/markdown";

const TEXT = `# Title

A paragraph with **bold** and \`code\`.

- one
- two

  with a second paragraph

\`\`\`python
def f():

    return 1
\`\`\`

| a | b |
| - | - |
| 1 | 2 |

> quoted
> twice

The end.
`;

function html(markdown: GrowingMarkdown, text: string): string {
  return markdown
    .update(text)
    .map((block) => block.html)
    .join("");
}

test("growing character by character ends as if it had come at once", () => {
  const growing = new GrowingMarkdown();
  let last = "";
  for (let length = 1; length <= TEXT.length; length++) last = html(growing, TEXT.slice(0, length));
  expect(last).toBe(html(new GrowingMarkdown(), TEXT));
});

test("blocks make up the text", () => {
  const blocks = new GrowingMarkdown().update(TEXT);
  expect(blocks.map((block) => block.source).join("")).toBe(TEXT);
  expect(blocks).toHaveLength(7);
});

test("a text that is another one starts again", () => {
  const growing = new GrowingMarkdown();
  growing.update(TEXT);
  expect(html(growing, "Something else.")).toBe("<p>Something else.</p>\n");
});

test("markup of the model is text", () => {
  const drawn = html(new GrowingMarkdown(), '<img src=x onerror="alert(1)">\n\n[a](javascript:alert(1))');
  expect(drawn).not.toContain("<img");
  expect(drawn).not.toContain("href");
});

test("code has colours", () => {
  expect(html(new GrowingMarkdown(), "```python\ndef f(): pass\n```")).toContain("hljs-keyword");
});
