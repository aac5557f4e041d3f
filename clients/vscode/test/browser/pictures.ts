import { join } from "node:path";
import type { Page } from "@playwright/test";

const FOLDER = join(__dirname, "../../test-results/pictures");

/** Kept with what a run of the tests leaves behind; three of them are in the README. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.mouse.move(640, 600); // nothing is pointed at
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
}
