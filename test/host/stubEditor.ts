import type { TextEditor } from "vscode";
import { Position, Range } from "./vscodeStub.ts";

interface Type {
  options: { backgroundColor?: { id: string }; borderColor?: { id: string } };
}

/** An editor over lines of text that remembers how it is decorated. */
export class StubEditor {
  private readonly decorations = new Map<Type, Range[]>();
  calls = 0;
  visible: [from: number, to: number];
  selection = { active: new Position(0, 0) };

  constructor(
    public lines: string[],
    readonly fileName: string,
    visible: [from: number, to: number] = [0, 50],
  ) {
    this.visible = visible;
  }

  get visibleRanges(): Range[] {
    const last = Math.min(this.lines.length - 1, this.visible[1]);
    const [from, to] = this.columns ?? [0, this.lines[last]!.length];
    return [new Range(this.visible[0], from, last, to)];
  }
  /** the columns seen of the first and the last visible line, where they are wrapped */
  columns: [from: number, to: number] | undefined;

  readonly document = {
    uri: { scheme: "file", toString: () => `file://${this.fileName}` },
    lineAt: (line: number): { text: string } => {
      const text = this.lines[line];
      if (text === undefined) throw new Error(`no line ${line}`);
      return { text };
    },
  };

  setDecorations(type: Type, ranges: Range[]): void {
    this.calls++;
    this.decorations.set(type, ranges);
  }

  /** What is coloured, in order: its line, its text, its colour. */
  coloured(): { line: number; from: number; text: string; colour: string }[] {
    return [...this.decorations]
      .flatMap(([{ options }, ranges]) =>
        ranges.map(({ start, end }) => ({
          line: start.line,
          from: start.character,
          text: this.lines[start.line]!.slice(start.character, end.character),
          colour: (options.backgroundColor ?? options.borderColor)!.id,
        })),
      )
      .sort((a, b) => a.line - b.line || a.from - b.from);
  }

  edit(line: number, text: string): void {
    this.lines[line] = text;
  }

  asEditor(): TextEditor {
    Object.defineProperty(this.document, "fileName", { value: this.fileName });
    Object.defineProperty(this.document, "lineCount", { get: () => this.lines.length });
    return this as unknown as TextEditor;
  }
}
