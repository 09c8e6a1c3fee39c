import { el, section } from "../dom.ts";
import type { ExperimentDraft, SetupHostMessage } from "../../src/protocol/hostToSetup.ts";
import type { SetupPageMessage } from "../../src/protocol/setupToHost.ts";
import type { SetupLabels } from "../../src/protocol/setupLabels.ts";
import { fill } from "../../src/figure/valueText.ts";
import { button, select } from "../ui.ts";

type Choice = Omit<Extract<SetupPageMessage, { type: "chooseBackbone" }>, "type">;
type Downloaded = Extract<SetupHostMessage, { type: "start" }>["downloaded"];

const EMBEDDED = "tiny-t5";
/** Comes before the name of a downloaded model in the value of its choice. */
const NAMED = "downloaded ";

const PLAIN = ["embedded", "folder", "file", "hub"] as const;
const isPlain = (value: string): value is (typeof PLAIN)[number] => (PLAIN as readonly string[]).includes(value);

const unusableText = (name: string, problem: string): string => `${name}: ${problem}`;

/** The choice of the backbone, with what the embedded one is for. */
export class BackbonePart {
  readonly element: HTMLElement;
  private readonly about = el("p", "", "detail");
  private readonly recommended = el("div", "", "recommended");
  private readonly isEmbedded: boolean;
  private readonly downloaded: Downloaded;

  /** @param beneath what is shown beneath the choice */
  constructor(
    private readonly labels: SetupLabels,
    {
      draft,
      downloaded,
    }: {
      draft: Pick<ExperimentDraft, "backbone">;
      downloaded: Downloaded;
    },
    beneath: HTMLElement,
    private readonly choose: (choice: Choice) => void,
  ) {
    this.downloaded = downloaded;
    this.element = section(labels.backbone);
    this.element.classList.add("backbone");
    this.element.append(this.select(draft.backbone, downloaded), this.about, this.recommended, beneath);
    this.isEmbedded = draft.backbone === EMBEDDED;
    if (this.isEmbedded) this.about.textContent = labels.embeddedPurpose;
  }

  /** Offers a model of the Hub instead of the embedded one; without a download where it is here already. */
  recommend({ name, text }: Extract<SetupHostMessage, { type: "recommended" }>): void {
    if (!this.isEmbedded) return;
    const isHere = this.downloaded.some((each) => each.name === name);
    const use = button(isHere ? fill(this.labels.useDownloaded, name) : this.labels.useModel, () => {
      this.choose({ how: isHere ? "downloaded" : "hub", name });
    });
    this.recommended.replaceChildren(el("p", text, "detail"), use);
  }

  /** Shows why a model cannot be chosen, in the place where it was offered; an open list stays open. */
  refuse({ name, problem }: Extract<SetupHostMessage, { type: "unusable" }>): void {
    for (const option of this.element.querySelectorAll("vscode-option"))
      if (option.getAttribute("value") === NAMED + name) {
        option.textContent = unusableText(name, problem);
        option.setAttribute("disabled", "");
      }
  }

  private select(backbone: string, downloaded: Downloaded): HTMLElement {
    const { labels } = this;
    const isListed = downloaded.some(({ folder }) => folder === backbone);
    const choices = [
      { value: "embedded", text: labels.embedded },
      ...(backbone === EMBEDDED || isListed ? [] : [{ value: "own", text: backbone }]),
      ...downloaded.map(({ name, problem }) => ({
        value: NAMED + name,
        text: problem === undefined ? name : unusableText(name, problem),
        disabled: problem !== undefined,
      })),
      { value: "folder", text: labels.folder },
      { value: "file", text: labels.file },
      { value: "hub", text: labels.hub },
    ];
    const listed = downloaded.find(({ folder }) => folder === backbone);
    const other = listed === undefined ? "own" : NAMED + listed.name;
    return select(labels.backbone, choices, {
      value: backbone === EMBEDDED ? "embedded" : other,
      onChange: (value) => {
        if (value.startsWith(NAMED)) this.choose({ how: "downloaded", name: value.slice(NAMED.length) });
        else if (isPlain(value)) this.choose({ how: value });
      },
    });
  }
}
