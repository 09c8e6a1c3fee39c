import type { Page } from "playwright-core";

/** One call of `setDecorations` as the extension host sent it to the window. */
export interface DecorationCall {
  readonly editor: string;
  /** The number of the decoration type. */
  readonly type: number;
  /** How many ranges the type now has. */
  readonly ranges: number;
}

const METHOD = Buffer.from("$trySetDecorationsFast");

/**
 * Reads the calls in a stream of VS Code's own protocol, where the length and the JSON of its arguments follow a
 * method's name. `end` is the number of bytes that were read.
 */
function callsIn(bytes: Buffer): { calls: DecorationCall[]; end: number } {
  const calls: DecorationCall[] = [];
  for (let end = 0; ;) {
    const at = bytes.indexOf(METHOD, end);
    // The name may be cut where this part of the stream ends.
    if (at < 0) return { calls, end: Math.max(end, bytes.length - METHOD.length) };
    const from = at + METHOD.length + 4;
    if (from > bytes.length || from + bytes.readUInt32BE(from - 4) > bytes.length) return { calls, end: at };
    end = from + bytes.readUInt32BE(from - 4);
    const [editor, type, ranges] = JSON.parse(bytes.toString("utf8", from, end)) as [string, string, number[]];
    // A range is four numbers.
    calls.push({ editor, type: Number(type.replace(/\D/g, "")), ranges: ranges.length / 4 });
  }
}

/**
 * Records the `setDecorations` calls that the extension host sends to the windows opened on a page. Each `drain`
 * returns the calls since the last one.
 */
export class DecorationCalls {
  private calls: DecorationCall[] = [];

  constructor(page: Page) {
    page.on("websocket", (socket) => {
      let rest = Buffer.alloc(0);
      socket.on("framereceived", ({ payload }) => {
        const whole = Buffer.concat([rest, Buffer.from(payload)]);
        const { calls, end } = callsIn(whole);
        rest = whole.subarray(end);
        this.calls.push(...calls);
      });
    });
  }

  drain(): DecorationCall[] {
    return this.calls.splice(0);
  }
}

/** Returns the most ranges that one editor has at once after any of these calls; a type has what its last call set. */
export function mostRanges(calls: readonly DecorationCall[]): number {
  const now = new Map<string, Map<number, number>>();
  let most = 0;
  for (const [i, { editor, type, ranges }] of calls.entries()) {
    const types = now.get(editor) ?? new Map<number, number>();
    const next = calls[i + 1];
    now.set(editor, types.set(type, ranges));
    // In the middle of a refresh some types still have the ranges from before it.
    if (next === undefined || next.editor !== editor || next.type <= type)
      most = Math.max(
        most,
        [...types.values()].reduce((sum, count) => sum + count, 0),
      );
  }
  return most;
}

/** Returns how often the decoration type that was set most often was set. */
export function mostOfAType(calls: readonly DecorationCall[]): number {
  const counts = new Map<string, number>();
  for (const { editor, type } of calls) counts.set(`${editor} ${type}`, (counts.get(`${editor} ${type}`) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}
