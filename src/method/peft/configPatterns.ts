import { phrase } from "../../base/phrase.ts";
import { isOpenChoice, layersBehind, endMatcher, matchesWhole } from "./modulePattern.ts";
import { parsePattern, PatternUnreadable } from "./parsePattern.ts";
import { PatternTooCostly, type PatternBudget, type PatternNode } from "./patternNode.ts";
import { refuseKey } from "./refuseKey.ts";

/** Steps of all patterns of a file, some seconds; an expression for each of 560 layers takes a tenth of them. */
const MOST_STEPS = 5_000_000;

/** The regular expressions of one adapter_config.json, applied to names of modules within a limit of work. */
export class ConfigPatterns {
  private readonly budget: PatternBudget = { left: MOST_STEPS };

  /** @param path of the file, for messages */
  constructor(private readonly path: string) {}

  /** Tells of the whole of a name whether a pattern matches it. */
  whole(key: string, pattern: string): (name: string) => boolean {
    return this.applied(key, pattern, (node) => (name) => matchesWhole(node, name, this.budget));
  }

  /** Tells whether a pattern matches a name from its start, or from a dot, to its end. */
  end(key: string, pattern: string): (name: string) => boolean {
    return this.applied(key, pattern, (node) => endMatcher(node, this.budget));
  }

  /** Gives the number of the layer that a name has behind a pattern; undefined where there is none. */
  layer(key: string, pattern: string): (name: string) => number | undefined {
    return this.applied(key, pattern, (node) => (name) => {
      const [layer, ...others] = layersBehind(node, name, this.budget);
      if (others.length > 0 || isOpenChoice(node))
        refuseKey(
          this.path,
          [key, pattern],
          phrase`it can name several layers of "${name}"`,
          phrase`Write the name of the list of layers, such as "layers" or "block".`,
        );
      return layer;
    });
  }

  private applied<Result>(
    key: string,
    pattern: string,
    applied: (node: PatternNode) => (name: string) => Result,
  ): (name: string) => Result {
    const apply = applied(this.parsed(key, pattern));
    return (name) => {
      try {
        return apply(name);
      } catch (error) {
        if (!(error instanceof PatternTooCostly)) throw error;
        return refuseKey(
          this.path,
          [key, pattern],
          phrase`matching it against the backbone's layers takes too long`,
          phrase`Write a shorter expression, or name the layers in a list.`,
        );
      }
    };
  }

  private parsed(key: string, pattern: string): PatternNode {
    try {
      return parsePattern(pattern);
    } catch (error) {
      if (!(error instanceof PatternUnreadable)) throw error;
      return refuseKey(
        this.path,
        [key, pattern],
        phrase`this regular expression cannot be read from "${error.message}" on`,
        phrase`Write it with characters, sets, groups, choices, repetitions and look-arounds, or name the layers in a list.`,
      );
    }
  }
}
