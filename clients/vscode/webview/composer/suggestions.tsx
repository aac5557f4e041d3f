import * as l10n from "@vscode/l10n";
import { useEffect, useState } from "preact/hooks";
import { type View, useView } from "../context";
import { commands } from "./commands";
import type { Completing } from "./completion";

export interface Suggestion {
  label: string;
  about: string;
  insert: string;
}

/** Of files, and of symbols. */
const MOST = 5;

/**
 * What fits what is being typed. Files come from the daemon's search, symbols from the editor's language extensions,
 * each when they have been found, and symbols behind the files, so that what is there stays where it is.
 */
export function useSuggestions(completing: Completing | null) {
  const view = useView();
  const [found, setFound] = useState<Suggestion[]>([]);
  const [chosen, setChosen] = useState(0);
  const key = completing && `${completing.kind} ${completing.query}`;
  useEffect(() => {
    let wanted = true;
    setChosen(0);
    const searches = completing ? searchesFor(view, completing) : [];
    const lists: Suggestion[][] = searches.map(() => []);
    if (!searches.length) setFound([]);
    searches.forEach((search, index) => {
      const show = (list: Suggestion[]) => {
        lists[index] = list;
        if (wanted) setFound(lists.flat());
      };
      search.then(show, () => show([]));
    });
    return () => (wanted = false);
  }, [key]);

  const suggestions = completing ? found : []; // the list of before must not take the next key
  const move = (by: number) => setChosen((chosen + by + suggestions.length) % suggestions.length);
  return { suggestions, chosen, move };
}

function searchesFor(view: View, { kind, query }: Completing): Promise<Suggestion[]>[] {
  if (kind === "command") return [Promise.resolve(commandsLike(query))];
  return query ? [filesLike(view, query), symbolsLike(view, query)] : [];
}

async function filesLike({ host, store }: View, query: string): Promise<Suggestion[]> {
  const roots = store.folders.value;
  if (!roots.length) return [];
  const { files } = await host.call("fuzzyFileSearch", { query, roots, cancellationToken: "mention" });
  return files.slice(0, MOST).map(({ path, file_name }) => ({ label: file_name, about: path, insert: `@${path}` }));
}

async function symbolsLike({ host }: View, query: string): Promise<Suggestion[]> {
  const symbols = await host.symbols(query);
  return symbols.slice(0, MOST).map(({ name, container, place }) => ({
    label: name,
    about: container ? `${container}, ${place}` : place,
    insert: `${name} (@${place})`,
  }));
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
    <ul class="suggestions" id="suggestions" role="listbox" aria-label={l10n.t("Suggestions")}>
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
