import Anser, { type AnserJsonEntry } from "anser";

export interface Span {
  text: string;
  classes: string;
  color?: string;
  background?: string;
}

const NAMED = /^ansi-(bright-)?(black|red|green|yellow|blue|magenta|cyan|white)$/;

/** A command's output as coloured pieces. The sixteen colours are classes, so that they follow the theme. */
export function spansOf(output: string): Span[] {
  const entries = Anser.ansiToJson(lastOfEachLine(output), { use_classes: true, json: true, remove_empty: true });
  return entries.map(spanOf);
}

function spanOf(entry: AnserJsonEntry): Span {
  const classes = entry.decorations.map((decoration) => `ansi-${decoration}`);
  const span: Span = { text: entry.content, classes: "" };
  const fg = colorOf(entry.fg, entry.fg_truecolor);
  const bg = colorOf(entry.bg, entry.bg_truecolor);
  if (fg.named) classes.push(`${fg.named}-fg`);
  else if (fg.rgb) span.color = fg.rgb;
  if (bg.named) classes.push(`${bg.named}-bg`);
  else if (bg.rgb) span.background = bg.rgb;
  span.classes = classes.join(" ");
  return span;
}

function colorOf(name: string | null, truecolor: string | null): { named?: string; rgb?: string } {
  if (!name) return {};
  if (NAMED.test(name)) return { named: name };
  const palette = /^ansi-palette-(\d+)$/.exec(name);
  if (palette) return { rgb: ofPalette(Number(palette[1])) };
  return truecolor ? { rgb: `rgb(${truecolor})` } : {};
}

/** The 6x6x6 cube and the greys of the 256 colours. */
function ofPalette(index: number): string {
  if (index >= 232)
    return `rgb(${Array(3)
      .fill(8 + (index - 232) * 10)
      .join(", ")})`;
  const levels = [0, 95, 135, 175, 215, 255];
  const at = index - 16;
  return `rgb(${[Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map((each) => levels[each] ?? 0).join(", ")})`;
}

/** A carriage return starts its line again, as a progress bar does. */
function lastOfEachLine(output: string): string {
  if (!output.includes("\r")) return output;
  return output
    .split("\n")
    .map((line) => line.replace(/\r+$/, "").split("\r").at(-1))
    .join("\n");
}
