import { english, listed, type Phrase } from "../phrase.ts";

const isSentence = (text: string): boolean => /[.!?…:]$/.test(text);

/** What happened and what to do, as sentences. */
export function explain(message: string, action: string | undefined): string {
  return [message, action]
    .flatMap((text) => (text === undefined || text === "" ? [] : [isSentence(text) ? text : `${text}.`]))
    .join(" ");
}

/** Like `explain`, for phrases. */
export function explained(message: Phrase, action: Phrase | undefined): Phrase {
  const sentences = [message, action]
    .filter((each) => each !== undefined)
    .map((each) => (isSentence(english(each)) ? each : listed([each, "."], "")));
  return listed(sentences, " ");
}
