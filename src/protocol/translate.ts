/**
 * Translates a text into the window's language and fills in its places {0}, {1}, ...: `vscode.l10n.t`, which this room
 * must not import.
 */
export type Translate = (text: string, ...values: (string | number | boolean)[]) => string;
