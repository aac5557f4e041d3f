import type { ItemOf } from "../../src/protocol/types";
import { useMemo } from "preact/hooks";
import { useView } from "../context";
import { GrowingMarkdown } from "../markdown";

export function UserMessage({ item }: { item: ItemOf<"userMessage"> }) {
  return (
    <>
      {item.content.map((part) => {
        if (part.type === "text") return <p class="prompt">{part.text}</p>;
        if (part.type === "image" && "url" in part && part.url.startsWith("data:"))
          return <img class="pasted" src={part.url} alt="" />;
        return <p class="prompt">{"path" in part ? part.path : part.type}</p>;
      })}
    </>
  );
}

export function AgentMessage({ text }: { text: string }) {
  const { host } = useView();
  const markdown = useMemo(() => new GrowingMarkdown(), []);
  const follow = (event: MouseEvent) => {
    const href = (event.target as Element).closest("a")?.getAttribute("href");
    const file = href && fileOf(href);
    if (!file) return;
    event.preventDefault();
    host.send({ type: "openFile", ...file });
  };
  return (
    <div class="markdown" onClick={follow}>
      {markdown.update(text).map((block, index) => (
        <div key={index} dangerouslySetInnerHTML={{ __html: block.html }} />
      ))}
    </div>
  );
}

/** A link to a file, as models write it: a path, perhaps with a line. Web links are the editor's. */
export function fileOf(href: string): { path: string; line?: number } | null {
  if (/^[a-z][a-z0-9+.-]+:/i.test(href) || href.startsWith("#")) return null;
  const [, path, line] = /^(.+?)(?:(?::|#L)(\d+))?(?::\d+)?$/.exec(decodeURI(href)) ?? [];
  if (!path) return null;
  return line ? { path, line: Number(line) } : { path };
}

export function Fold({ label, texts }: { label: string; texts: string[] }) {
  const text = texts.join("\n\n");
  if (!text) return <p class="line">{label}</p>;
  return (
    <details class="fold">
      <summary>{label}</summary>
      <AgentMessage text={text} />
    </details>
  );
}
