import { el } from "./dom.ts";
import { parseSetupHostMessage, type ExperimentDraft } from "../src/protocol/hostToSetup.ts";
import type { SetupPageMessage } from "../src/protocol/setupToHost.ts";
import { SetupForm } from "./setup/setupForm.ts";

declare function acquireVsCodeApi(): {
  postMessage(message: SetupPageMessage): void;
  getState(): unknown;
  setState(state: { draft: ExperimentDraft }): void;
};

const vscode = acquireVsCodeApi();
const root = document.querySelector("main") ?? document.body.appendChild(el("main"));
let form: SetupForm | undefined;

window.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
  const message = parseSetupHostMessage(data);
  if (message === undefined) {
    vscode.postMessage({ type: "problem", message: "unknown message" });
    return;
  }
  if (message.type !== "start") {
    form?.handle(message);
    return;
  }
  form?.close();
  form = new SetupForm(root, message, {
    post: (each) => {
      vscode.postMessage(each);
    },
    save: (draft) => {
      vscode.setState({ draft });
    },
  });
});
window.addEventListener("error", ({ message }) => {
  vscode.postMessage({ type: "problem", message });
});
vscode.postMessage({ type: "ready" });
