/** Returns a token's text with visible spaces, so that tokens that differ only in a space look different. */
export const visibleSpaces = (text: string): string => (text === "" ? "∅" : text.replace(/ /g, "␣"));
