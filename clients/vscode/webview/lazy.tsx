import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const AROUND = "1200px 0px";
const GUESS_PX = 60;

interface Props {
  children: ComponentChildren;
  /** Drawn also out of sight: it is what changes now. */
  eager: boolean;
}

/** Draws its children while they are near what is seen, and else keeps their place. */
export function Lazy({ children, eager }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const height = useRef(GUESS_PX);
  const [near, setNear] = useState(false);
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    return observe(element, (entry) => {
      if (!entry.isIntersecting) height.current = entry.boundingClientRect.height || height.current;
      setNear(entry.isIntersecting);
    });
  }, []);
  const drawn = near || eager;
  return (
    <div class="lazy" ref={place} style={drawn ? undefined : { height: `${height.current}px` }}>
      {drawn && children}
    </div>
  );
}

type Seen = (entry: IntersectionObserverEntry) => void;

const seen = new WeakMap<Element, Seen>();
const observers = new WeakMap<Element, IntersectionObserver>();

/** One observer for all places in a scroller. Returns what ends it. */
function observe(element: Element, listener: Seen): () => void {
  const root = element.closest(".transcript")!;
  let observer = observers.get(root);
  if (!observer) {
    observer = new IntersectionObserver((entries) => entries.forEach((entry) => seen.get(entry.target)?.(entry)), {
      root,
      rootMargin: AROUND,
    });
    observers.set(root, observer);
  }
  seen.set(element, listener);
  observer.observe(element);
  return () => observer.unobserve(element);
}
