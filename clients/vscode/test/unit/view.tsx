import { options, render } from "preact";
import { act } from "preact/test-utils";
import { type ToView } from "../../src/chat/messages";
import type { ThreadModel } from "../../src/model/thread";
import type { Notification } from "../../src/protocol/methods";
import { ViewContext } from "../../webview/context";
import { Store } from "../../webview/store";
import { Transcript } from "../../webview/transcript";

/** The transcript of a thread, where the test says what is seen and when a frame is drawn. */
export class DrawnThread {
  readonly store = new Store();
  private readonly root = document.body.appendChild(document.createElement("div"));
  private readonly frames: (() => void)[] = [];
  private readonly seen = new Map<Element, (entries: IntersectionObserverEntry[]) => void>();
  private drawn: string[] = [];
  private readonly hooks = options as { __r?: (vnode: { type: { name: string } }) => void };
  private readonly before = this.hooks.__r;

  private constructor() {
    const { frames, seen } = this;
    globalThis.requestAnimationFrame = (callback) => frames.push(() => callback(0));
    globalThis.ResizeObserver = class {
      observe() {}
      unobserve() {}
      disconnect() {}
    };
    globalThis.IntersectionObserver = class {
      constructor(private readonly listener: (entries: IntersectionObserverEntry[]) => void) {}
      observe(element: Element) {
        seen.set(element, this.listener);
      }
      unobserve(element: Element) {
        seen.delete(element);
      }
      disconnect() {}
    } as unknown as typeof IntersectionObserver;
    // Preact's hook before each drawing of a component, which its developer tools use.
    this.hooks.__r = (vnode) => {
      this.drawn.push(vnode.type.name);
      this.before?.(vnode);
    };
  }

  static async show(thread: ThreadModel): Promise<DrawnThread> {
    const view = new DrawnThread();
    const { store } = view;
    store.receive({ type: "thread", thread });
    await act(() =>
      render(
        <ViewContext.Provider value={{ store, host: {} as never, announce: () => undefined }}>
          <Transcript />
        </ViewContext.Provider>,
        view.root,
      ),
    );
    return view;
  }

  count(selector: string): number {
    return this.root.querySelectorAll(selector).length;
  }

  get places(): HTMLElement[] {
    return [...this.root.querySelectorAll<HTMLElement>(".lazy")];
  }

  /** As if these places had come near what is seen, or gone from there. */
  async near(places: HTMLElement[], isIntersecting: boolean, height = 0): Promise<void> {
    const boundingClientRect = { top: 0, bottom: height, height };
    await act(() => {
      for (const target of places)
        this.seen.get(target)?.([{ target, isIntersecting, boundingClientRect, rootBounds: null } as never]);
    });
  }

  async frame(): Promise<void> {
    await act(() => {
      for (const draw of this.frames.splice(0)) draw();
    });
  }

  /** The components that these notifications draw, by name. */
  async tell(...notifications: Notification[]): Promise<string[]> {
    for (const notification of notifications) this.store.receive({ type: "notification", notification } as ToView);
    this.drawn = [];
    await this.frame();
    return [...this.drawn];
  }

  close(): void {
    render(null, this.root);
    this.root.remove();
    this.hooks.__r = this.before;
  }
}
