/** What ends with a test, or with an episode of the campaign; node:test's TestContext is one. */
export interface Lifetime {
  /** Has something done at the end. */
  after: (end: () => unknown) => void;
  /** Says why nothing is done. */
  skip: (why?: string) => void;
}
