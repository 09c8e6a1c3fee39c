/** Characters that control a terminal, break a line or change its direction. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** Returns a text from an untrusted source as one line without control characters. */
export const plainLine = (text: string): string => text.replace(CONTROLS, " ");

/** Like plainLine, for the status bar and quick picks, where "$(name)" would become an icon. */
export const withoutIcons = (text: string): string => plainLine(text).replaceAll("$(", "$\u200b(");

/** Like plainLine, for MarkdownString.appendText with HTML support, where a tag would become HTML. */
export const withoutTags = (text: string): string => plainLine(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/**
 * Like plainLine, for notifications, where "[text](command:…)" would become a link that runs a command. Keeps line
 * breaks.
 */
export const withoutLinks = (text: string): string =>
  text.split("\n").map(plainLine).join("\n").replaceAll("](", "]\u200b(");
