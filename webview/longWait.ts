import { el } from "./dom.ts";
import { button } from "./ui.ts";

/** Default number of milliseconds until the button appears. */
const LONG = 5000;

/** A button that appears when an operation takes long, to stop or restart it. */
export class LongWait {
  readonly element = el("div", "", "actions");
  private timer: number | undefined;

  /** @param onLong called when the button appears */
  constructor(
    label: string,
    onPress: () => void,
    private readonly onLong: () => void = () => {
      /* nothing to add */
    },
  ) {
    this.element.append(
      button(label, () => {
        this.end();
        onPress();
      }),
    );
    this.element.hidden = true;
  }

  /**
   * Starts the wait.
   * @param after milliseconds until the button appears
   */
  begin(after = LONG): void {
    this.end();
    this.timer = window.setTimeout(() => {
      this.element.hidden = false;
      this.onLong();
    }, after);
  }

  /** Ends the wait and hides the button. */
  end(): void {
    clearTimeout(this.timer);
    this.element.hidden = true;
  }
}
