// @openai/codex-sdk, the official TypeScript SDK. Arguments: its folder, the path of `codex`, the provider, what to do.
import { pathToFileURL } from "node:url";

const [folder, codexPath, baseUrl, what] = process.argv.slice(2);
const { Codex } = await import(pathToFileURL(`${folder}/node_modules/@openai/codex-sdk/dist/index.js`));

const tell = (word, value = null) => console.log(word, JSON.stringify(value));

async function conversation() {
  const codex = new Codex({ codexPathOverride: codexPath });
  const thread = codex.startThread({ skipGitRepoCheck: true, sandboxMode: "danger-full-access", approvalPolicy: "never" });
  const { events } = await thread.runStreamed("make a file");
  const kinds = [];
  for await (const event of events) {
    kinds.push(event.item ? `${event.type} ${event.item.type}` : event.type);
    if (event.type === "turn.completed") tell("usage", event.usage);
  }
  tell("events", kinds);
  const schema = { type: "object", properties: { answer: { type: "integer" } }, required: ["answer"] };
  const second = await thread.run("and now", { outputSchema: schema });
  tell("second", JSON.parse(second.finalResponse));
  const resumed = codex.resumeThread(thread.id, { skipGitRepoCheck: true, model: "gpt-5.4" });
  const third = await resumed.run([
    { type: "text", text: "look" },
    { type: "local_image", path: "pixel.png" },
  ]);
  tell("third", [third.finalResponse, resumed.id === thread.id]);
}

async function key() {
  const codex = new Codex({
    codexPathOverride: codexPath,
    baseUrl,
    apiKey: "sk-from-the-sdk",
    config: { model_provider: "openai", show_raw_agent_reasoning: true },
  });
  const turn = await codex.startThread({ skipGitRepoCheck: true, workingDirectory: process.cwd() }).run("hello");
  tell("answer", turn.finalResponse);
}

async function failure() {
  const codex = new Codex({ codexPathOverride: codexPath });
  const thread = codex.startThread({ skipGitRepoCheck: true });
  await thread.run("fail").then(
    () => tell("failed", null),
    (error) => tell("failed", error.message),
  );
  const controller = new AbortController();
  const { events } = await thread.runStreamed("never ends", { signal: controller.signal });
  try {
    for await (const event of events) {
      if (event.type === "turn.started") {
        tell("started");
        await new Promise((resolve) => process.stdin.once("data", resolve));
        process.stdin.destroy();
        controller.abort();
      }
    }
    tell("aborted", null);
  } catch (error) {
    tell("aborted", error.name);
  }
}

await { conversation, key, failure }[what]();
