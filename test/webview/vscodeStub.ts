// What hostParts.ts reaches of the `vscode` module: translation, and icons by name.
export const l10n = { t: (text: string, ...values: readonly unknown[]): string => text.replace(/\{(\d)\}/g, (place, index: string) => (values.length === 0 ? place : String(values[Number(index)]))) };
export class ThemeIcon { constructor(readonly id: string) {} }
export class ThemeColor { constructor(readonly id: string) {} }
