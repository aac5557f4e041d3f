import { t } from "@vscode/l10n";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Answer, Decision, Question } from "../src/approvals/questions";
import { useView } from "./context";
import { countOf, withoutFolder } from "./items/changes";

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
    announce(t("The agent asks for approval."));
    if (first && document.activeElement?.closest(".composer") === null) box.current?.focus();
  }, []);
  return (
    <section class="question" role="alertdialog" aria-label={t("Approval")} tabIndex={-1} ref={box}>
      {question.kind === "command" && <CommandAsked question={question} />}
      {question.kind === "changes" && <ChangesAsked question={question} />}
      {question.kind === "input" ? (
        <InputAsked question={question} onAnswer={answer} />
      ) : (
        <Decisions question={question} onDecide={(decision) => answer({ decision })} />
      )}
    </section>
  );
}

function CommandAsked({ question }: { question: Extract<Question, { kind: "command" }> }) {
  const { command, cwd, reason } = question.params;
  return (
    <>
      <p>{t("Run this command?")}</p>
      <pre class="command-line">{command}</pre>
      <dl>
        {cwd && <Fact name={t("in")} value={cwd} />}
        {reason && <Fact name={t("because")} value={reason} />}
      </dl>
    </>
  );
}

function ChangesAsked({ question }: { question: Extract<Question, { kind: "changes" }> }) {
  const { host, store } = useView();
  const { turnId, itemId, changes, params } = question;
  return (
    <>
      <p>{t("Change these files?")}</p>
      <ul>
        {changes.map((change) => (
          <li>
            {withoutFolder(change.path, store.thread?.cwd)} <span class="added">+{countOf(change).added}</span>{" "}
            <span class="removed">-{countOf(change).removed}</span>
          </li>
        ))}
      </ul>
      <dl>{params.reason && <Fact name={t("because")} value={params.reason} />}</dl>
      <button onClick={() => host.send({ type: "reviewChanges", turnId, itemId })}>{t("Show diff")}</button>
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Decisions({ question, onDecide }: { question: Question; onDecide(decision: Decision): void }) {
  const session = question.kind === "command" ? t("Approve for this session") : t("Approve all for this session");
  return (
    <div class="buttons">
      <button class="primary" onClick={() => onDecide("accept")}>
        {t("Approve")}
      </button>
      <button onClick={() => onDecide("acceptForSession")}>{session}</button>
      <button onClick={() => onDecide("decline")}>{t("Decline")}</button>
      <button onClick={() => onDecide("cancel")}>{t("Decline and stop")}</button>
    </div>
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
            label={options?.length ? t("Something else") : text}
            onWords={(words) => setGiven({ ...given, [id]: words })}
          />
        </fieldset>
      ))}
      <div class="buttons">
        <button class="primary" type="submit" disabled={questions.some(({ id }) => !given[id])}>
          {t("Answer")}
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
