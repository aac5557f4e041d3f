import * as l10n from "@vscode/l10n";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Answer, Question } from "../src/approvals/questions";
import { ChangesAsked } from "./changes-asked";
import { useView } from "./context";
import { Decisions, Fact } from "./decisions";

/** What the agent waits for. The first one has the focus, so that the keyboard is enough. */
export function Questions() {
  const { store } = useView();
  const threadId = store.threadId.value;
  const open = store.questions.value.filter((question) => question.threadId === threadId);
  return (
    <>
      {open.map((question, index) => (
        <Asked key={question.key} question={question} first={index === 0} />
      ))}
    </>
  );
}

function Asked({ question, first }: { question: Question; first: boolean }) {
  const { host, announce } = useView();
  const box = useRef<HTMLElement>(null);
  const answer = (given: Answer) => host.send({ type: "answer", question: question.key, answer: given });
  useEffect(() => {
    announce(l10n.t("The agent asks for approval."));
    if (first && document.activeElement?.closest(".composer") === null) box.current?.focus();
  }, []);
  return (
    <section class="question" role="alertdialog" aria-label={l10n.t("Approval")} tabIndex={-1} ref={box}>
      {question.kind === "command" && <CommandAsked question={question} onAnswer={answer} />}
      {question.kind === "changes" && <ChangesAsked question={question} onAnswer={answer} />}
      {question.kind === "input" && <InputAsked question={question} onAnswer={answer} />}
    </section>
  );
}

interface CommandProps {
  question: Extract<Question, { kind: "command" }>;
  onAnswer(answer: Answer): void;
}

function CommandAsked({ question, onAnswer }: CommandProps) {
  const { command, cwd, reason } = question.params;
  return (
    <>
      <p>{l10n.t("Run this command?")}</p>
      <pre class="command-line">{command}</pre>
      <dl>
        {cwd && <Fact name={l10n.t("in")} value={cwd} />}
        {reason && <Fact name={l10n.t("because")} value={reason} />}
      </dl>
      <Decisions
        approve={l10n.t("Approve")}
        session={l10n.t("Approve for this session")}
        onDecide={(decision) => onAnswer({ decision })}
      />
    </>
  );
}

interface InputProps {
  question: Extract<Question, { kind: "input" }>;
  onAnswer(answer: Answer): void;
}

function InputAsked({ question, onAnswer }: InputProps) {
  const [given, setGiven] = useState<Record<string, string>>({});
  const { questions } = question.params;
  const submit = (event: Event) => {
    event.preventDefault();
    onAnswer({ answers: Object.fromEntries(questions.map(({ id }) => [id, { answers: [given[id] ?? ""] }])) });
  };
  return (
    <form onSubmit={submit}>
      {questions.map(({ id, question: text, options, isSecret }) => (
        <fieldset key={id}>
          <legend>{text}</legend>
          {options?.map(({ label, description }) => (
            <label>
              <input
                type="radio"
                name={id}
                checked={given[id] === label}
                onChange={() => setGiven({ ...given, [id]: label })}
              />
              {label} <span class="description">{description}</span>
            </label>
          ))}
          <Words
            secret={isSecret}
            label={options?.length ? l10n.t("Something else") : text}
            onWords={(words) => setGiven({ ...given, [id]: words })}
          />
        </fieldset>
      ))}
      <div class="buttons">
        <button class="primary" type="submit" disabled={questions.some(({ id }) => !given[id])}>
          {l10n.t("Answer")}
        </button>
      </div>
    </form>
  );
}

function Words({ secret, label, onWords }: { secret: boolean; label: string; onWords(words: string): void }) {
  const onInput = (event: { currentTarget: HTMLInputElement }) => onWords(event.currentTarget.value);
  if (secret) return <input type="password" aria-label={label} onInput={onInput} />;
  return <input type="text" aria-label={label} onInput={onInput} />;
}
