import { phrase, type Phrase } from "../../base/phrase.ts";
import { hashKey, textHash } from "../../task/counts/textHash.ts";
import { shareText } from "../../task/review/wordings.ts";
import { shapeOf, spreadPlaces, type ExampleList } from "./exampleList.ts";
import type { TokenisedExample } from "./tokenisedExample.ts";

/** Different targets that are compared; with more, those that came first. */
const MOST = 10_000;
/** The most characters of a target that are kept to be shown. */
const KEPT = 1000;
/** Characters before and after the place at which two texts part that are shown of each. */
const BEFORE = 30;
const AFTER = 20;

/** What is trained of some targets, which may differ behind it. */
interface TrainedTarget {
  /** Keys of the different targets. */
  targets: Set<number>;
  isCut: boolean;
  examples: number;
  /** The first two of the targets. */
  texts: string[];
}

/** Both texts from shortly before the place at which they part. */
function partings([one = "", other = ""]: readonly string[]): string[] {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const from = Math.max(0, at - BEFORE);
  return [one, other].map((text) => {
    const end = text.length > at + AFTER ? "…" : "";
    return JSON.stringify(`${from > 0 ? "…" : ""}${text.slice(from, at + AFTER)}${end}`);
  });
}

/** Finds different targets of which the same tokens are trained, since they part behind the longest that is read. */
class CutTargets {
  private readonly trained = new Map<number, TrainedTarget>();
  private examples = 0;

  add(example: TokenisedExample): void {
    const { labels, targetIds = labels, cut } = example;
    this.examples++;
    const key = hashKey(textHash(Array.from(targetIds).join(" ")));
    let found = this.trained.get(key);
    if (found === undefined) {
      if (this.trained.size === MOST) return;
      found = { targets: new Set(), isCut: false, examples: 0, texts: [] };
      this.trained.set(key, found);
    }
    // The text of a stored example is read when it is asked for.
    this.put(found, example.target, (cut?.target ?? 0) > 0);
  }

  private put(found: TrainedTarget, target: string, isCut: boolean): void {
    const own = hashKey(textHash(target));
    if (found.texts.length < 2 && !found.targets.has(own)) found.texts.push(target.slice(0, KEPT));
    if (found.targets.size < MOST) found.targets.add(own);
    found.isCut ||= isCut;
    found.examples++;
  }

  notes(maxTargetLength: number): Phrase[] {
    const same = [...this.trained.values()].filter(({ targets, isCut }) => isCut && targets.size > 1);
    const [first] = same;
    if (first === undefined) return [];
    const different = same.reduce((sum, { targets }) => sum + targets.size, 0);
    const examples = same.reduce((sum, each) => sum + each.examples, 0);
    const [one, other] = partings(first.texts);
    return [
      phrase`${different} different targets are not told apart by their first ${maxTargetLength} tokens, such as ${one!} and ${other!}, in ${examples} of ${this.examples} examples (${shareText(examples, this.examples)}): raise training.maxTargetLength`,
    ];
  }
}

function isAnyCut(examples: ExampleList): boolean {
  for (let at = 0; at < examples.length; at++) if (shapeOf(examples, at).isTargetCut) return true;
  return false;
}

/** Examples that are looked at; of more, as many at even distances. */
const LOOKED_AT = 1_000_000;
/** Examples between two turns of the loop, in which a stop can be heard. */
const TOGETHER = 1024;

/**
 * Which different targets become equal where they are cut.
 * @param check called now and then; it may throw to end this
 */
export async function cutTargetNotes(
  examples: ExampleList,
  maxTargetLength: number,
  check: () => void = () => undefined,
): Promise<Phrase[]> {
  if (!isAnyCut(examples)) return [];
  const targets = new CutTargets();
  for (const [at, place] of spreadPlaces(examples.length, LOOKED_AT).entries()) {
    targets.add(examples.at(place)!);
    if (at % TOGETHER !== 0) continue;
    await new Promise(setImmediate);
    check();
  }
  return targets.notes(maxTargetLength);
}
