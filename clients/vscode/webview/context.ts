import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Host } from "./host";
import type { Store } from "./store";

export interface View {
  host: Host;
  store: Store;
  /** Tells a screen reader and the user something short. */
  announce(text: string): void;
}

export const ViewContext = createContext<View | null>(null);

export function useView(): View {
  const view = useContext(ViewContext);
  if (!view) throw new Error("outside of the view");
  return view;
}
