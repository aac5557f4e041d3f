import { expect, test } from "vitest";
import { Backoff } from "../../src/daemon/backoff";

test("waits longer each time, up to a limit, and forgets after a calm minute", () => {
  let now = 0;
  const backoff = new Backoff(() => now);
  const waits = Array.from({ length: 8 }, () => {
    backoff.started();
    return backoff.next();
  });
  expect(waits).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30]);
  backoff.started();
  now += 61;
  expect(backoff.next()).toBe(0.5);
});
