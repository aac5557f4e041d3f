import * as l10n from "@vscode/l10n";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ThreadGrant } from "../../src/protocol/types";
import { useView } from "../context";
import { withoutFolder } from "../items/changes";

/** What was approved for the session, with a way to take it back. Nothing while nothing was. */
export function Grants() {
  const { announce } = useView();
  const { grants, revoke } = useGrants();
  const [open, setOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  if (!grants.length && !open) return null;
  const close = () => {
    setOpen(false);
    toggle.current?.focus();
  };
  const take = async (grant: ThreadGrant) => {
    toggle.current?.focus(); // the button that has it goes away
    if (await revoke(grant)) announce(l10n.t("Revoked. You will be asked again."));
  };
  return (
    <span class="grants" onKeyDown={(event) => event.key === "Escape" && open && close()}>
      <button ref={toggle} aria-expanded={open} aria-controls="grants" onClick={() => setOpen(!open)}>
        {l10n.t("Session approvals: {0}", grants.length)}
      </button>
      {open && (
        <section id="grants" class="popover" aria-label={l10n.t("Approved for this session")}>
          {!grants.length && <p class="hint">{l10n.t("Nothing is approved for this session.")}</p>}
          <ul>
            {grants.map((grant) => (
              <Row key={grant.id} grant={grant} onRevoke={() => void take(grant)} />
            ))}
          </ul>
        </section>
      )}
    </span>
  );
}

function Row({ grant, onRevoke }: { grant: ThreadGrant; onRevoke(): void }) {
  const { store } = useView();
  const { text, detail } = describe(grant, store.thread?.cwd);
  return (
    <li>
      <span class="granted">
        <code>{text}</code> <span class="description">{detail}</span>
      </span>
      <button aria-label={l10n.t("Revoke {0}", text)} onClick={onRevoke}>
        {l10n.t("Revoke")}
      </button>
    </li>
  );
}

export function describe(grant: ThreadGrant, folder: string | undefined): { text: string; detail: string } {
  switch (grant.type) {
    case "command":
      return { text: grant.command, detail: l10n.t("in {0}", grant.cwd) };
    case "terminalInput":
      return { text: grant.command, detail: l10n.t("what is typed into it") };
    case "file":
      return { text: withoutFolder(grant.path, folder), detail: l10n.t("changes of this file") };
    case "mcpTool":
      return { text: grant.tool, detail: l10n.t("of the server {0}", grant.server) };
  }
}

/** Those of the open thread, as the daemon has them now; none from a daemon that cannot tell. */
function useGrants() {
  const { host, store } = useView();
  const threadId = store.threadId.value;
  const running = store.daemon.value.is === "running";
  const changes = store.thread?.grantChanges;
  const [grants, setGrants] = useState<ThreadGrant[]>([]);
  useEffect(() => {
    if (!threadId || !running) return setGrants([]);
    let wanted = true;
    host.call("thread/grants/list", { threadId }).then(
      ({ data }) => wanted && setGrants(data),
      () => wanted && setGrants([]),
    );
    return () => {
      wanted = false;
    };
  }, [threadId, running, changes]);
  const revoke = async (grant: ThreadGrant): Promise<boolean> => {
    if (!threadId) return false;
    try {
      return (await host.call("thread/grants/revoke", { threadId, grantId: grant.id })).revoked;
    } catch {
      return false; // it is still listed, or the daemon has gone and its grants with it
    }
  };
  return { grants, revoke };
}
