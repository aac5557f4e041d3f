import * as vscode from "vscode";

/** The part of the Python extension's interface that tells which interpreter is selected; `select` says which. */
export function activate() {
  let selected: string | undefined;
  return {
    select: (interpreter: string | undefined) => (selected = interpreter),
    environments: {
      getActiveEnvironmentPath: () => ({ path: selected }),
      resolveEnvironment: async ({ path }: { path: string | undefined }) =>
        path && { executable: { uri: vscode.Uri.file(path) } },
    },
  };
}
