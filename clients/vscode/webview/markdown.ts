import hljs from "highlight.js/lib/common";
import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt({
  html: false,
  linkify: true,
  highlight: (code, language) => (hljs.getLanguage(language) ? hljs.highlight(code, { language }).value : ""),
});

export interface Block {
  source: string;
  html: string;
}

/** Markdown that grows: what is settled is parsed once, only its last block is parsed again. */
export class GrowingMarkdown {
  private text = "";
  private settled: Block[] = [];
  private settledLength = 0;

  update(text: string): Block[] {
    if (!text.startsWith(this.text)) {
      this.settled = [];
      this.settledLength = 0;
    }
    this.text = text;
    const blocks = blocksOf(text.slice(this.settledLength));
    const shown = [...this.settled, ...blocks];
    // A block that another one follows may still change what it is (a list that goes on), so two stay open.
    for (const block of blocks.slice(0, -2)) {
      this.settled.push(block);
      this.settledLength += block.source.length;
    }
    return shown;
  }
}

/** The blocks, each with the lines up to the next one, so that their sources make up the text. */
function blocksOf(text: string): Block[] {
  const environment = {};
  const tokens = markdown.parse(text, environment);
  const starts: { line: number; token: number }[] = [];
  let depth = 0;
  tokens.forEach((token, index) => {
    if (depth === 0 && token.map) starts.push({ line: token.map[0], token: index });
    depth += token.nesting;
  });
  const offsets = lineOffsets(text);
  return starts.map(({ line, token }, index) => {
    const next = starts[index + 1];
    const from = index === 0 ? 0 : (offsets[line] ?? text.length);
    const until = next ? (offsets[next.line] ?? text.length) : text.length;
    return {
      source: text.slice(from, until),
      html: markdown.renderer.render(tokens.slice(token, next?.token), markdown.options, environment),
    };
  });
}

function lineOffsets(text: string): number[] {
  const offsets = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) offsets.push(at + 1);
  return offsets;
}
