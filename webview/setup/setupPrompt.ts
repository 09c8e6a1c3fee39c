import { el } from "../dom.ts";
import type { ExperimentDraft } from "../../src/protocol/hostToSetup.ts";
import type { ShownInspection as Inspection } from "../../src/protocol/setupQuestions.ts";
import type { SetupLabels } from "../../src/protocol/setupLabels.ts";
import { inChatForm, inPlainForm } from "../../src/protocol/fittedDraft.ts";
import { select, textField } from "../ui.ts";

type Form = NonNullable<ExperimentDraft["prompt"]>["form"];
type Change = (part: Partial<ExperimentDraft>, rest?: number) => void;

/** How a decoder-only model reads the examples: the form, the system prompt, and which answers are trained. */
export class PromptPart {
  readonly element = el("div", "", "fields");
  private drawn = "";

  constructor(
    private readonly labels: SetupLabels,
    private readonly draft: () => ExperimentDraft,
    private readonly change: Change,
  ) {}

  /** Shows the choices that there are; none for a model that reads text and answer apart. */
  show({ backbone, kind }: Pick<Inspection, "backbone" | "kind">): void {
    const { task, prompt } = this.draft();
    const form = prompt?.form ?? (kind === "chat" ? "chat" : "plain");
    const trainOn = task.kind === "chat" ? (task.trainOn ?? "all") : undefined;
    const isChat = backbone.isCausal && form === "chat";
    const key = JSON.stringify([backbone, form, trainOn, kind]);
    // A field in which the user types stays as it is.
    if (key === this.drawn) return;
    this.drawn = key;
    this.element.replaceChildren(
      ...(backbone.isCausal ? [this.form(form, backbone.hasTemplate)] : []),
      ...(isChat && task.kind === "chat" ? [this.trained(trainOn ?? "all")] : []),
      ...(isChat ? [this.system(prompt?.system ?? "")] : []),
    );
  }

  private form(form: Form, hasTemplate: boolean): HTMLElement {
    const { labels } = this;
    const choices = [
      { value: "chat", text: hasTemplate ? labels.chatForm : labels.chatFormMissing },
      { value: "plain", text: labels.plainForm },
    ];
    return labelled(
      labels.form,
      select(labels.form, choices, {
        value: form,
        onChange: (value) => {
          this.change(value === "plain" ? inPlainForm(this.draft()) : inChatForm(this.draft()), 0);
        },
      }),
    );
  }

  private trained(trainOn: "all" | "last"): HTMLElement {
    const { labels } = this;
    const choices = [
      { value: "all", text: labels.allAnswers },
      { value: "last", text: labels.lastAnswer },
    ];
    return labelled(
      labels.trainOn,
      select(labels.trainOn, choices, {
        value: trainOn,
        onChange: (value) => {
          const { task } = this.draft();
          if (task.kind === "chat") this.change({ task: { ...task, trainOn: value === "last" ? "last" : "all" } }, 0);
        },
      }),
    );
  }

  private system(text: string): HTMLElement {
    return textField(this.labels.system, text, (system) => {
      this.change({ prompt: { form: "chat", system } });
    });
  }
}

/** A control with a visible label above it; the control has the same accessible name. */
function labelled(label: string, control: HTMLElement): HTMLElement {
  const field = el("div", "", "labelled");
  const text = el("span", label);
  text.setAttribute("aria-hidden", "true");
  field.append(text, control);
  return field;
}
