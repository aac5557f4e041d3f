import type { AllowedMethod, FoundSymbol, FromView, ToView } from "../src/chat/messages";
import type { Params, Result } from "../src/protocol/methods";

interface VsCodeApi {
  postMessage(message: FromView): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

interface Waiting {
  resolve(result: never): void;
  reject(error: Error): void;
}

/** The extension, as the view sees it. */
export class Host {
  private readonly api = acquireVsCodeApi();
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  constructor(receive: (message: ToView) => void) {
    window.addEventListener("message", (event: MessageEvent<ToView>) => {
      if (!this.settle(event.data)) receive(event.data);
    });
  }

  send(message: FromView): void {
    this.api.postMessage(message);
  }

  /** A request to the daemon. Raises what the daemon answers as an error. */
  call<M extends AllowedMethod>(method: M, params: Params<M>): Promise<Result<M>> {
    return this.ask((id) => ({ type: "call", id, method, params }));
  }

  /** What language extensions know by such a name, the best first. */
  symbols(query: string): Promise<FoundSymbol[]> {
    return this.ask((id) => ({ type: "symbols", id, query }));
  }

  /** The draft, which outlives the view. */
  get draft(): string {
    const state = this.api.getState() as { draft?: string } | undefined;
    return state?.draft ?? "";
  }

  set draft(draft: string) {
    this.api.setState({ draft });
  }

  private ask<T>(message: (id: number) => FromView): Promise<T> {
    const id = ++this.lastId;
    this.send(message(id));
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  private settle(message: ToView): boolean {
    if (message.type !== "result" && message.type !== "error") return false;
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.type === "result") waiting?.resolve(message.result as never);
    else waiting?.reject(new Error(message.message));
    return true;
  }
}
