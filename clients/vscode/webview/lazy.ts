import { type Signal, useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";

/** Drawn beyond the edges of what is seen, so that scrolling finds it there. */
const AROUND = "1200px 0px";

export interface Nearness {
  /** Whether the place is near what is seen, and its turn to be drawn has come. */
  near: Signal<boolean>;
  /** As high as it was when it was drawn last, in pixels; null before that. */
  height: Signal<number | null>;
}

/** Whether a place in the transcript is worth drawing. */
export function useNearness(place: { readonly current: Element | null }): Nearness {
  const near = useSignal(false);
  const height = useSignal<number | null>(null);
  useLayoutEffect(() => {
    const element = place.current;
    const root = element?.closest(".transcript");
    if (element && root) return watcherOf(root).watch(element, { near, height });
  }, []);
  return { near, height };
}

const watchers = new WeakMap<Element, Watcher>();

function watcherOf(root: Element): Watcher {
  let watcher = watchers.get(root);
  if (!watcher) watchers.set(root, (watcher = new Watcher(root)));
  return watcher;
}

/** Watches all places of a scroller. However many come near at once, each frame draws one more, the nearest first. */
class Watcher {
  private readonly observer: IntersectionObserver;
  private readonly places = new Map<Element, Nearness>();
  /** What waits to be drawn, with its distance from the middle. */
  private readonly waiting = new Map<Element, number>();
  private frame = 0;

  constructor(root: Element) {
    this.observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.see(entry)), {
      root,
      rootMargin: AROUND,
    });
  }

  /** Returns what ends it. */
  watch(element: Element, nearness: Nearness): () => void {
    this.places.set(element, nearness);
    this.observer.observe(element);
    return () => {
      this.observer.unobserve(element);
      this.places.delete(element);
      this.waiting.delete(element);
    };
  }

  private see({ target, isIntersecting, boundingClientRect: box, rootBounds }: IntersectionObserverEntry): void {
    const place = this.places.get(target);
    if (!place) return;
    if (!isIntersecting) {
      this.waiting.delete(target);
      if (place.near.value) place.height.value = box.height;
      place.near.value = false;
      return;
    }
    const middle = rootBounds ? (rootBounds.top + rootBounds.bottom) / 2 : 0;
    this.waiting.set(target, Math.max(box.top - middle, middle - box.bottom));
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    const [nearest] = [...this.waiting].sort(([, one], [, other]) => one - other);
    if (!nearest) return;
    this.waiting.delete(nearest[0]);
    const place = this.places.get(nearest[0]);
    if (place) place.near.value = true;
    if (this.waiting.size) this.frame = requestAnimationFrame(() => this.draw());
  }
}
