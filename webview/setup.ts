import { el } from "./dom.ts";
import { isSetupHostMessage, type ExperimentDraft, type SetupPageMessage } from "../src/protocol/setupMessages.ts";
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
  if (!isSetupHostMessage(data)) {
    vscode.postMessage({ type: "problem", message: "unknown message" });
    return;
  }
  if (data.type !== "start") {
    form?.handle(data);
    return;
  }
  form?.close();
  form = new SetupForm(root, data, {
    post: (message) => {
      vscode.postMessage(message);
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
