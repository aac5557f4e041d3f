/** What the tests in the extension host have to say. */
export interface Report {
  passed: string[];
  /** With the stack of what was raised. */
  failed: string[];
  figures: string[];
}

/** What was measured: to be read, not held against a limit. */
export const figures: string[] = [];
