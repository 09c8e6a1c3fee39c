import {
  EncodedTexts,
  OpenedRun,
  RunReading,
  TokenDetails,
  TokenReply,
  TokenRequest,
} from "../../../src/protocol/heatmapQuestions.ts";
import { CheckAnswer, Inspection, SetupRequest, SizesAnswer } from "../../../src/protocol/setupQuestions.ts";
import { listRepository, isSafePath } from "../../../src/hub/hubListing.ts";
import { parsePageMessage } from "../../../src/protocol/pageToHost.ts";
import { parseDraft, parseSetupMessage } from "../../../src/protocol/setupToHost.ts";
import { holds, texts, type Reader } from "../reader.ts";

const parsed = (input: Buffer): unknown => {
  try {
    return JSON.parse(input.toString());
  } catch {
    return input.toString();
  }
};
const DRAFT = {
  name: "x",
  task: { kind: "file", train: "/a", source: "{a}", target: "{b}" },
  backbone: "tiny-t5",
  budget: 100,
  steps: 10,
  maxSourceLength: 64,
};
const PAGE = [
  { type: "ready" },
  { type: "tab", tab: "offsets" },
  { type: "analyse", name: "ablation" },
  { type: "compare", ids: ["a", "b"] },
  { type: "diff", from: "a", to: "b" },
  { type: "save", name: "x.png", format: "png", data: "aGk=" },
  { type: "copy", text: "x" },
  { type: "problem", message: "x" },
];

/** What a page sends: nothing of it is thrown, and what is taken is no larger than a page can mean. */
const pageReader: Reader = {
  name: "pageMessage",
  json: true,
  weight: 5,
  corpus: () =>
    texts(
      ...PAGE,
      { type: "draft", draft: DRAFT, asked: 1 },
      { type: "write", draft: DRAFT, train: true },
      { type: "chooseBackbone", how: "hub" },
      { type: "forecast", measure: true },
      { draft: DRAFT },
    ),
  open: () => (input) => {
    const value = parsed(input);
    const message = parsePageMessage(value);
    const setup = parseSetupMessage(value);
    const draft = parseDraft(value);
    holds(
      message === undefined ||
        PAGE.some(({ type }) => type === message.type) ||
        ["stop", "resume", "openFolder", "copyId", "showLog", "stopAnalysis"].includes(message.type),
      "a message of the page",
    );
    holds("message" in setup || typeof setup.wrong === "string", "a message of the setup page");
    holds(draft === undefined || (Number.isSafeInteger(draft.budget) && draft.name !== ""), "a draft");
    holds("message" in setup || setup.wrong.length < 5000, "a refusal of some length");
  },
};

/** Every schema that host and worker talk by. */
const SCHEMAS = [
  TokenRequest,
  TokenReply,
  OpenedRun,
  RunReading,
  EncodedTexts,
  TokenDetails,
  SetupRequest,
  Inspection,
  SizesAnswer,
  CheckAnswer,
];
const workerReader: Reader = {
  name: "workerMessage",
  json: true,
  weight: 3,
  corpus: () =>
    texts(
      { id: 1, type: "encode", run: "/r", measure: "norm", texts: ["a"] },
      { id: 1, type: "check", path: "/x", text: "{}" },
      { id: 1, result: { rows: [{ ids: [1], spans: [0, 1], values: [null] }], stamp: "s" } },
      { rows: [{ ids: [1], spans: [0, 1], values: [1] }], stamp: "s" },
      {
        problems: [
          {
            from: 0,
            to: 1,
            severity: "error",
            code: "c",
            message: { template: "m {0}", values: [1] },
            schema: false,
            fixes: [],
          },
        ],
        places: [],
      },
      { width: 8, parameters: 3, sizes: [null] },
    ),
  open: () => (input) => {
    const value = parsed(input);
    for (const schema of SCHEMAS) schema.safeParse(value);
  },
};

const hash = "a".repeat(40);
/** What a server says of a repository's files: each stays in the folder, and the list ends. */
const hubReader: Reader = {
  name: "hubListing",
  json: true,
  weight: 0.5,
  corpus: () =>
    texts(
      {
        sha: hash,
        files: [
          { type: "file", path: "config.json", size: 3, oid: hash },
          { type: "file", path: "a/model.safetensors", size: 1, oid: hash, lfs: { oid: "b".repeat(64), size: 9 } },
        ],
        link: '</next>; rel="next"',
      },
      { sha: hash, files: [], link: '</next>; rel="next"', endless: true },
    ),
  open: () => async (input) => {
    const answer = parsed(input) as { sha?: unknown; files?: unknown; link?: unknown; endless?: unknown } | null;
    let pages = 0;
    globalThis.fetch = (url) => {
      const address = url instanceof Request ? url.url : String(url);
      const first = address.includes("/revision/");
      const body = JSON.stringify(
        first
          ? {
              sha: hash,
              ...(typeof answer === "object" && answer !== null && "sha" in answer && { sha: answer.sha }),
            }
          : (answer?.files ?? answer),
      );
      pages++;
      return Promise.resolve(
        new Response(body, {
          headers:
            typeof answer?.link === "string" && (pages < 3 || answer.endless === true) && /^[ -~]*$/.test(answer.link)
              ? { link: answer.link }
              : {},
        }),
      );
    };
    const listed = listRepository(
      { endpoint: "http://hub.invalid", token: undefined, signal: new AbortController().signal, pause: 0 },
      { name: "o/r", kind: "model", revision: "main" },
    );
    const { files } = await listed.finally(() => {
      holds(pages < 1000, "a list that ends");
    });
    for (const { path, size } of files)
      holds(isSafePath(path) && !path.split("/").includes("..") && size >= 0, "a file outside of its folder");
  },
};

export const MESSAGE_READERS: readonly Reader[] = [pageReader, workerReader, hubReader];
