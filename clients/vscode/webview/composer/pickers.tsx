import * as l10n from "@vscode/l10n";
import { useEffect } from "preact/hooks";
import type { ReasoningEffort } from "../../src/protocol/types";
import { useView } from "../context";
import { APPROVALS, chosen, models } from "./choices";

export function Pickers() {
  const { host, store } = useView();
  const running = store.daemon.value.is === "running";
  useEffect(() => {
    if (running)
      host.call("model/list", {}).then(
        (page) => (models.value = page.data),
        () => undefined,
      );
  }, [running]);
  const thread = store.thread;
  const model = chosen.model.value ?? thread?.model ?? models.value.find((each) => each.isDefault)?.model ?? "";
  const efforts = models.value.find((each) => each.model === model)?.supportedReasoningEfforts ?? [];
  const known = models.value.some((each) => each.model === model);
  const words = {
    untrusted: l10n.t("Ask for everything that is not known to be harmless"),
    "on-request": l10n.t("Ask when the agent wants more than it may"),
    never: l10n.t("Never ask; what is not allowed is refused"),
  };
  return (
    <div class="pickers">
      {(model || models.value.length > 0) && (
        <select
          aria-label={l10n.t("Model")}
          value={model}
          onChange={(event) => (chosen.model.value = event.currentTarget.value)}
        >
          {!known && model && <option value={model}>{model}</option>}
          {models.value.map((each) => (
            <option value={each.model} title={each.description}>
              {each.displayName}
            </option>
          ))}
        </select>
      )}
      {efforts.length > 1 && (
        <select
          aria-label={l10n.t("Reasoning effort")}
          value={chosen.effort.value ?? thread?.effort ?? ""}
          onChange={(event) => (chosen.effort.value = event.currentTarget.value as ReasoningEffort)}
        >
          {!(chosen.effort.value ?? thread?.effort) && <option value="">{l10n.t("effort")}</option>}
          {efforts.map(({ reasoningEffort, description }) => (
            <option value={reasoningEffort} title={description}>
              {reasoningEffort}
            </option>
          ))}
        </select>
      )}
      <select
        aria-label={l10n.t("Approvals")}
        value={(chosen.approval.value as string | null) ?? thread?.approvalPolicy ?? ""}
        onChange={(event) => (chosen.approval.value = event.currentTarget.value as (typeof APPROVALS)[number])}
      >
        {!chosen.approval.value && !thread && <option value="">{l10n.t("approvals")}</option>}
        {APPROVALS.map((policy) => (
          <option value={policy} title={words[policy]}>
            {policy}
          </option>
        ))}
      </select>
    </div>
  );
}
