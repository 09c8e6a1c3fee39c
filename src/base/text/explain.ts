/** Joins an error's message and action into sentences, each with a full stop unless it ends in punctuation. */
export function explain(message: string, action: string | undefined): string {
  return [message, action]
    .flatMap((text) => (text === undefined || text === "" ? [] : [/[.!?…:]$/.test(text) ? text : `${text}.`]))
    .join(" ");
}
