import "./main.css";
import { el } from "./dom.ts";
import { isHostMessage, type HostMessage, type PageMessage } from "./messages.ts";
import { Page, type PageState } from "./page.ts";

declare function acquireVsCodeApi(): { postMessage(message: PageMessage): void; getState(): unknown; setState(state: PageState): void };

const vscode = acquireVsCodeApi();
const root = document.querySelector("main") ?? document.body.appendChild(el("main"));
const id = document.body.dataset["run"] ?? "";
const state: PageState = { table: false, log: false, ...savedState(), id };
let page: Page | undefined;

vscode.setState(state);
window.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
  if (isHostMessage(data)) handle(data);
  else vscode.postMessage({ type: "problem", message: "unknown message" });
});
window.addEventListener("error", ({ message }) => { vscode.postMessage({ type: "problem", message }); });
vscode.postMessage({ type: "ready" });

function handle(message: HostMessage): void {
  switch (message.type) {
    case "reset":
      page = new Page(root, message.labels, message.view, state, { post: (each) => { vscode.postMessage(each); }, save: (each) => { vscode.setState(each); } });
      page.update(message.view, message.points);
      return;
    case "update": page?.update(message.view, message.points); return;
    case "gone": root.replaceChildren(el("p", message.message)); page = undefined; return;
  }
}

function savedState(): Partial<PageState> {
  const saved = vscode.getState();
  return typeof saved === "object" && saved !== null ? saved : {};
}
