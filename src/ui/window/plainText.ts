/** Signs that are none to read: what controls a terminal or a line's order. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** A name as one line of text, whoever gave it. */
export const plainLine = (text: string): string => text.replace(CONTROLS, " ");

/** The same where "$(name)" would become an icon: in the status bar and in lists to choose from. */
export const withoutIcons = (text: string): string => plainLine(text).replaceAll("$(", "$\u200b(");

/** For MarkdownString.appendText, which leaves tags alone: they would be HTML where a text supports it. */
export const withoutTags = (text: string): string => plainLine(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** For notifications, where "[text](command:…)" would become a link that runs a command. Lines stay. */
export const withoutLinks = (text: string): string =>
  text.split("\n").map(plainLine).join("\n").replaceAll("](", "]\u200b(");
