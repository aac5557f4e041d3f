import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { FoundSymbol } from "../chat/messages";
import { placeOf } from "./prompts";

const MOST = 20;
/** For a list that is shown while somebody types. */
const PATIENCE_MS = 1000;

/** As language extensions tell it, in whichever of the two forms. */
interface Named {
  name: string;
  container: string;
  uri: vscode.Uri;
  range: vscode.Range;
}

/**
 * The symbols whose name has these letters, the best first: of the workspace, as far as language extensions tell them,
 * and of the documents that are open, whose ranges are whole. No document is opened for it, and what an extension takes
 * long to find is left out.
 */
export async function symbolsLike(query: string): Promise<FoundSymbol[]> {
  if (!query) return [];
  const documents = vscode.workspace.textDocuments.filter(({ uri }) => vscode.workspace.getWorkspaceFolder(uri));
  const searches = [...documents.map(({ uri }) => ofDocument(uri)), ofWorkspace(query)];
  const late = sleep(PATIENCE_MS, [] as Named[]);
  const found = await Promise.all(searches.map((search) => Promise.race([search.catch(() => []), late])));
  const wanted = query.toLowerCase();
  const ranked = found
    .flat()
    .map((symbol) => ({ symbol, rank: rankOf(symbol.name.toLowerCase(), wanted) }))
    .filter(({ rank }) => rank < Infinity);
  ranked.sort((one, other) => one.rank - other.rank || one.symbol.name.length - other.symbol.name.length);
  return distinct(ranked.map(({ symbol }) => symbol))
    .slice(0, MOST)
    .map(({ name, container, uri, range }) => ({ name, container, place: placeOf(uri, range) }));
}

async function ofWorkspace(query: string): Promise<Named[]> {
  const told = await vscode.commands.executeCommand<vscode.SymbolInformation[] | undefined>(
    "vscode.executeWorkspaceSymbolProvider",
    query,
  );
  return (told ?? []).map(named).filter(({ uri }) => vscode.workspace.getWorkspaceFolder(uri));
}

async function ofDocument(uri: vscode.Uri): Promise<Named[]> {
  type Told = vscode.DocumentSymbol | vscode.SymbolInformation;
  const told = await vscode.commands.executeCommand<Told[] | undefined>("vscode.executeDocumentSymbolProvider", uri);
  const flat = (symbols: Told[], container: string): Named[] =>
    symbols.flatMap((symbol) =>
      "children" in symbol
        ? [{ name: symbol.name, container, uri, range: symbol.range }, ...flat(symbol.children, symbol.name)]
        : [named(symbol)],
    );
  return flat(told ?? [], "");
}

function named({ name, containerName, location }: vscode.SymbolInformation): Named {
  return { name, container: containerName, uri: location.uri, range: location.range };
}

/** Both sources may have the same one: the first stays, whose range is not the shorter one. */
function distinct(symbols: Named[]): Named[] {
  const kept: Named[] = [];
  for (const symbol of symbols) {
    const same = kept.some(
      ({ name, uri, range }) =>
        name === symbol.name && uri.toString() === symbol.uri.toString() && range.contains(symbol.range),
    );
    if (!same) kept.push(symbol);
  }
  return kept;
}

/** Lower is better; infinite if the letters are not there, in this order. */
function rankOf(name: string, wanted: string): number {
  const at = name.indexOf(wanted);
  if (at >= 0) return at === 0 ? 0 : 1;
  let next = 0;
  for (const letter of wanted) {
    next = name.indexOf(letter, next) + 1;
    if (!next) return Infinity;
  }
  return 2;
}
