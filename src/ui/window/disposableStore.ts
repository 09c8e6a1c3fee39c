import type { Disposable } from "vscode";

/** Owns disposables, and disposes them in reverse order of registration when it is disposed itself. */
export class DisposableStore implements Disposable {
  private readonly owned: Disposable[] = [];

  protected register<T extends Disposable>(owned: T): T {
    this.owned.push(owned);
    return owned;
  }

  dispose(): void {
    for (const owned of this.owned.splice(0).reverse()) owned.dispose();
  }
}
