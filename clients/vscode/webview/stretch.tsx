import { useRef } from "preact/hooks";
import type { TurnModel } from "../src/model/thread";
import { Item } from "./items/item";
import { useNearness } from "./lazy";

/** Items that are drawn together or not at all: few enough for one frame. */
const ITEMS = 10;
/** How high an item is that was never drawn, in pixels. */
const GUESS = 60;

/** A turn's items. There are only as many elements as are near what is seen, and one for every few of the others. */
export function Stretches({ turn }: { turn: TurnModel }) {
  const { length } = turn.items;
  const starts = Array.from({ length: Math.ceil(length / ITEMS) }, (_, index) => index * ITEMS);
  return (
    <>
      {starts.map((from) => {
        const to = Math.min(from + ITEMS, length);
        const growing = to === length && turn.status === "inProgress";
        return <Stretch key={from} turn={turn} from={from} to={to} growing={growing} />;
      })}
    </>
  );
}

interface Props {
  turn: TurnModel;
  from: number;
  to: number;
  /** It is drawn also out of sight: it is what changes now. */
  growing: boolean;
}

function Stretch({ turn, from, to, growing }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const { near, height } = useNearness(place);
  const isNear = near.value;
  const drawn = isNear || growing;
  const kept = height.value ?? GUESS * (to - from);
  return (
    <div class="lazy" ref={place} style={drawn ? undefined : { height: `${kept}px` }}>
      {drawn &&
        turn.items
          .slice(from, to)
          .map(({ item }, index) => <Item key={item.id} turn={turn} itemId={item.id} index={from + index} />)}
    </div>
  );
}
