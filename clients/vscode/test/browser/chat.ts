import { type FrameLocator, type Locator, type Page, expect } from "@playwright/test";

/** The chat as a user sees it. */
export class Chat {
  private readonly frame: FrameLocator;

  constructor(readonly page: Page) {
    this.frame = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  }

  /** Opens the side bar's view and waits until the daemon is there. */
  static async open(page: Page, url: string): Promise<Chat> {
    await page.goto(url);
    await page.getByRole("tab", { name: "Agent" }).first().click();
    const chat = new Chat(page);
    await expect(chat.send).toBeEnabled({ timeout: 60_000 });
    return chat;
  }

  get input(): Locator {
    return this.frame.locator("textarea");
  }

  get send(): Locator {
    return this.frame.locator("button.primary", { hasText: /Send|Steer/ });
  }

  get turns(): Locator {
    return this.frame.locator(".turn");
  }

  get question(): Locator {
    return this.frame.getByRole("alertdialog");
  }

  button(name: string): Locator {
    return this.frame.getByRole("button", { name, exact: true });
  }

  locator(selector: string): Locator {
    return this.frame.locator(selector);
  }

  async say(text: string): Promise<void> {
    await this.input.fill(text);
    await this.input.press("Enter");
    await expect(this.input).toHaveValue("");
  }

  /** Says it, answers the questions that come with these buttons, and waits for the turn's end. */
  async run(text: string, answers: string[] = []): Promise<Locator> {
    const before = await this.turns.count();
    await this.say(text);
    for (const answer of answers) await this.button(answer).click();
    const turn = this.turns.nth(before);
    await expect(turn).toHaveAttribute("aria-busy", "false");
    return turn;
  }
}
