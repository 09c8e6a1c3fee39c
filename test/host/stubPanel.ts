import { EventEmitter } from "./vscodeStub.ts";

/** A webview panel as VS Code has it: once it is closed, whoever asks for its page is thrown an error. */
export class StubPanel {
  readonly posted: { type: string; [key: string]: unknown }[] = [];
  closed = false;
  visible = true;
  readonly onDidChangeViewState = new EventEmitter<void>().event;
  private readonly messages = new EventEmitter<unknown>();
  private readonly ends = new EventEmitter<void>();
  readonly onDidDispose = this.ends.event;
  private readonly page = {
    options: {},
    html: "",
    cspSource: "",
    asWebviewUri: (uri: unknown) => uri,
    onDidReceiveMessage: this.messages.event,
    postMessage: (message: { type: string }) => {
      this.posted.push(message);
      return Promise.resolve(true);
    },
  };

  constructor(public title = "") {}

  get webview(): object {
    if (this.closed) throw new Error("Webview is disposed");
    return this.page;
  }

  dispose(): void {
    if (this.closed) return;
    this.closed = true;
    this.ends.fire();
  }

  /** What the page says. */
  say(message: object): void {
    this.messages.fire(message);
  }

  of(type: string): { type: string; [key: string]: unknown }[] {
    return this.posted.filter((each) => each.type === type);
  }
}
