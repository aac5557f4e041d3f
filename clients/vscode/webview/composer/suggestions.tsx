import { useEffect, useState } from "preact/hooks";
import { useView } from "../context";
import { commands } from "./commands";
import type { Completing } from "./completion";

export interface Suggestion {
  label: string;
  about: string;
  insert: string;
}

const MOST = 8;

/** What fits what is being typed; files come from the daemon's search. */
export function useSuggestions(completing: Completing | null) {
  const { host, store } = useView();
  const [suggestions, setSuggestions] = useState<Suggestion[]>([]);
  const [chosen, setChosen] = useState(0);
  const key = completing && `${completing.kind} ${completing.query}`;
  useEffect(() => {
    let wanted = true;
    setChosen(0);
    const found = completing ? find(completing) : Promise.resolve([]);
    found.then(
      (list) => wanted && setSuggestions(list),
      () => wanted && setSuggestions([]),
    );
    return () => (wanted = false);
  }, [key]);

  const find = async ({ kind, query }: Completing): Promise<Suggestion[]> => {
    if (kind === "command") return commandsLike(query);
    const roots = store.folders.value;
    if (!query || !roots.length) return [];
    const { files } = await host.call("fuzzyFileSearch", { query, roots, cancellationToken: "mention" });
    return files.slice(0, MOST).map(({ path, file_name }) => ({ label: file_name, about: path, insert: `@${path}` }));
  };
  const move = (by: number) => setChosen((chosen + by + suggestions.length) % suggestions.length);
  return { suggestions, chosen, move };
}

function commandsLike(query: string): Suggestion[] {
  return commands()
    .filter(({ name }) => name.startsWith(query) && name !== query)
    .map(({ name, about }) => ({ label: `/${name}`, about, insert: `/${name}` }));
}

interface Props {
  suggestions: Suggestion[];
  chosen: number;
  onTake(suggestion: Suggestion): void;
}

export function Suggestions({ suggestions, chosen, onTake }: Props) {
  if (!suggestions.length) return null;
  return (
    <ul class="suggestions" id="suggestions" role="listbox">
      {suggestions.map((suggestion, index) => (
        <li
          id={`suggestion-${index}`}
          role="option"
          aria-selected={index === chosen}
          onMouseDown={() => onTake(suggestion)}
        >
          {suggestion.label} <span class="description">{suggestion.about}</span>
        </li>
      ))}
    </ul>
  );
}
