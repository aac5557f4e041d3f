/** What is being completed at the caret: a file or a symbol after `@`, a command after `/` at the start. */
export interface Completing {
  kind: "mention" | "command";
  query: string;
  from: number;
  to: number;
}

export function completingAt(text: string, caret: number): Completing | null {
  const before = text.slice(0, caret);
  const command = /^\/(\w*)$/.exec(before);
  if (command) return { kind: "command", query: command[1] ?? "", from: 0, to: caret };
  const mention = /(?:^|\s)@([^\s@]*)$/.exec(before);
  if (!mention) return null;
  const query = mention[1] ?? "";
  return { kind: "mention", query, from: caret - query.length - 1, to: caret };
}

export function replaced(text: string, { from, to }: Completing, by: string): { text: string; caret: number } {
  const inserted = `${by} `;
  return { text: text.slice(0, from) + inserted + text.slice(to).trimStart(), caret: from + inserted.length };
}
