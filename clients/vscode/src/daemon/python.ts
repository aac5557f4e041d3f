import * as vscode from "vscode";

const PYTHON = "ms-python.python";

interface PythonApi {
  environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(path: unknown): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** The interpreter that the Python extension has selected. Undefined without that extension. */
export async function selectedInterpreter(): Promise<string | undefined> {
  const api = await pythonApi();
  const environment = await api?.environments?.resolveEnvironment(api.environments.getActiveEnvironmentPath());
  return environment?.executable.uri?.fsPath;
}

async function pythonApi(): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>(PYTHON);
  return extension && (extension.isActive ? extension.exports : extension.activate());
}
