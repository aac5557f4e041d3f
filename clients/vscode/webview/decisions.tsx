import * as l10n from "@vscode/l10n";
import type { Decision } from "../src/approvals/questions";

interface Props {
  /** What the two kinds of yes are called. */
  approve: string;
  session: string;
  /** Whether there is anything to say yes to. */
  possible?: boolean;
  onDecide(decision: Decision): void;
}

export function Decisions({ approve, session, possible = true, onDecide }: Props) {
  return (
    <div class="buttons">
      <button class="primary" disabled={!possible} onClick={() => onDecide("accept")}>
        {approve}
      </button>
      <button disabled={!possible} onClick={() => onDecide("acceptForSession")}>
        {session}
      </button>
      <button onClick={() => onDecide("decline")}>{l10n.t("Decline")}</button>
      <button onClick={() => onDecide("cancel")}>{l10n.t("Decline and stop")}</button>
    </div>
  );
}

export function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
