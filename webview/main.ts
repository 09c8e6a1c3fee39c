import "./main.css";
import "./header.css";
import "./heatmap.css";
import { el } from "./dom.ts";
import { parseHostMessage, type HostMessage } from "../src/protocol/hostToPage.ts";
import type { PageMessage } from "../src/protocol/pageToHost.ts";
import { Page } from "./page.ts";
import { restoreState, type PageState } from "./pageState.ts";

declare function acquireVsCodeApi(): {
  postMessage(message: PageMessage): void;
  getState(): unknown;
  setState(state: PageState): void;
};

const vscode = acquireVsCodeApi();
const root = document.querySelector("main") ?? document.body.appendChild(el("main"));
const state = restoreState(vscode.getState(), document.body.dataset["run"] ?? "");
let page: Page | undefined;

vscode.setState(state);
window.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
  const message = parseHostMessage(data);
  if (message !== undefined) handle(message);
  else vscode.postMessage({ type: "problem", message: "unknown message" });
});
window.addEventListener("error", ({ message }) => {
  vscode.postMessage({ type: "problem", message });
});
vscode.postMessage({ type: "ready" });

function handle(message: HostMessage): void {
  switch (message.type) {
    case "reset":
      page?.dispose();
      page = new Page(root, message.view, {
        labels: message.labels,
        state,
        host: {
          post: (each) => {
            vscode.postMessage(each);
          },
          save: (each) => {
            vscode.setState(each);
          },
        },
      });
      page.update(message.view, message.points);
      page.handle({ type: "runs", runs: message.runs });
      if (message.open !== undefined) page.goTo(message.open.tab, message.open.ids);
      return;
    case "gone":
      root.replaceChildren(el("p", message.message));
      page?.dispose();
      page = undefined;
      return;
    default:
      page?.handle(message);
  }
}
