import { el } from "./dom.ts";
import { button } from "./ui.ts";

/** After so long (ms) what goes on can be ended, or begun anew. */
const LONG = 5000;

/** A button that comes where something takes long. */
export class LongWait {
  readonly element = el("div", "", "actions");
  private timer: number | undefined;

  /** @param onLong what is said when it comes */
  constructor(
    label: string,
    onPress: () => void,
    private readonly onLong: () => void = () => {
      /* it is said already */
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

  /** The wait has begun. @param after ms until the button comes */
  begin(after = LONG): void {
    this.end();
    this.timer = window.setTimeout(() => {
      this.element.hidden = false;
      this.onLong();
    }, after);
  }

  end(): void {
    clearTimeout(this.timer);
    this.element.hidden = true;
  }
}
