import type { Disposable } from "vscode";

/** Owns what it registers and lets go of it, last first, when disposed. */
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
