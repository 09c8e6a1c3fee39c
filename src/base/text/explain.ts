/** What happened and what to do, as sentences. */
export function explain(message: string, action: string | undefined): string {
  return [message, action]
    .flatMap((text) => (text === undefined || text === "" ? [] : [/[.!?…:]$/.test(text) ? text : `${text}.`]))
    .join(" ");
}
