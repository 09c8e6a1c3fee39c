import type * as vscode from "vscode";

/** Key of the workspace state. */
const STARTED = "adept.startedHere";
const MOST_STARTED = 50;

/** The ids of the runs that this window started, kept through a reload, until the window has said how they ended. */
export class StartedRuns {
  constructor(private readonly state: vscode.Memento) {}

  private ids(): readonly string[] {
    const stored = this.state.get<unknown>(STARTED);
    return Array.isArray(stored) ? stored.filter((id) => typeof id === "string") : [];
  }

  has(id: string): boolean {
    return this.ids().includes(id);
  }

  add(id: string): void {
    const others = this.ids().filter((each) => each !== id);
    void this.state.update(STARTED, [...others.slice(1 - MOST_STARTED), id]);
  }

  remove(id: string): void {
    void this.state.update(
      STARTED,
      this.ids().filter((each) => each !== id),
    );
  }
}
