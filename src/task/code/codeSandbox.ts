import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { PRELUDE } from "./prelude.ts";

/**
 * Limits of one run of generated code. `seconds`: of wall-clock time, and of processor time; `megabytes`: of address
 * space.
 */
export interface CodeLimits {
  seconds: number;
  megabytes: number;
}
/** The limits of one run where the caller gives none. */
export const DEFAULT_LIMITS: CodeLimits = { seconds: 8, megabytes: 512 };

const BUBBLEWRAP = ["/usr/bin/bwrap", "/usr/local/bin/bwrap"];
const PYTHON = "/usr/bin/python3";
const NOBODY = 65_534;
const MOST_ANSWER = 1024;

/**
 * bubblewrap's options: system programs only, read-only; an empty folder; no network, environment or other processes;
 * ends with this process.
 */
const ISOLATION = [
  "--unshare-all",
  "--die-with-parent",
  "--new-session",
  "--cap-drop",
  "ALL",
  "--clearenv",
  "--ro-bind",
  "/usr",
  "/usr",
  ...["bin", "lib", "lib64"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]),
  "--size",
  "1048576",
  "--tmpfs",
  "/tmp",
  "--proc",
  "/proc",
  "--dev",
  "/dev",
  "--chdir",
  "/tmp",
];

const limitsOf = ({ seconds, megabytes }: CodeLimits): Record<string, number> => ({
  RLIMIT_AS: megabytes * 2 ** 20,
  RLIMIT_CPU: Math.ceil(seconds),
  RLIMIT_FSIZE: 2 ** 20,
  RLIMIT_NOFILE: 16,
  RLIMIT_NPROC: 0,
  RLIMIT_CORE: 0,
});

/**
 * Runs generated Python against its tests, each time in a new process without network, files or environment, and within
 * limits.
 */
export class CodeSandbox {
  private constructor(private readonly bubblewrap: string) {}

  /**
   * Opens the sandbox after testing that it works.
   * @throws UserError where generated code cannot be isolated from this machine; then none is run
   */
  static async open(): Promise<CodeSandbox> {
    const bubblewrap = process.platform === "linux" ? BUBBLEWRAP.find((path) => existsSync(path)) : undefined;
    if (bubblewrap === undefined || !existsSync(PYTHON))
      throw new UserError(
        "sandbox-not-installed",
        phrase`Generated code is not run here: it needs Linux with bubblewrap and /usr/bin/python3`,
        phrase`Install both (Debian: apt-get install bubblewrap python3), or leave task.runGeneratedCode off.`,
      );
    const sandbox = new CodeSandbox(bubblewrap);
    const limits = { seconds: 20, megabytes: 512 };
    // A sandbox that only seems to isolate would be worse than none: it must run correct code and block the network.
    const works = await sandbox.passes("x = 1", ["assert x == 1"], limits);
    const closed = await sandbox.passes(
      "import socket\ntry:\n  socket.create_connection(('127.0.0.1', 9), 1)\n  held = False\nexcept OSError as e:\n  held = e.errno == 101\nimport os\nheld = held or not os.path.exists('/sys/class/net')",
      ["assert held", "assert not os.path.exists('/home') and not os.path.exists('/etc')"],
      limits,
    );
    if (!works || !closed)
      throw new UserError(
        "sandbox-refused",
        phrase`Generated code is not run here: bubblewrap cannot isolate a process on this machine (user namespaces may be switched off)`,
        phrase`Leave task.runGeneratedCode off, or run where \`bwrap --unshare-all\` works.`,
      );
    return sandbox;
  }

  /** Whether the code and all of its tests run to their end. An error, an exit, a limit or a signal is false. */
  passes(code: string, tests: readonly string[], limits: CodeLimits = DEFAULT_LIMITS): Promise<boolean> {
    const secret = randomBytes(32).toString("hex");
    const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    // The kernel's limit on processes does not apply to root.
    const child = spawn(this.bubblewrap, [...ISOLATION, "--", PYTHON, "-I", "-S", "-B", "-c", PRELUDE], {
      stdio: ["pipe", "ignore", "ignore", "pipe"],
      env: {},
      cwd: "/",
      detached: true,
      ...asNobody,
    });
    let answer = "";
    const clock = setTimeout(() => {
      try {
        process.kill(-child.pid!, "SIGKILL");
      } catch {
        /* it ended meanwhile */
      }
    }, 1000 * limits.seconds);
    child.stdio[3]?.on("data", (part: Buffer) => {
      if (answer.length < MOST_ANSWER) answer += part.toString("latin1");
    });
    // Code may end before it has read its input; that is no error here.
    child.stdin?.on("error", () => {
      /* no pass, since no answer */
    });
    child.stdin?.end(JSON.stringify({ code, tests, secret, limits: limitsOf(limits) }));
    return new Promise((resolve) => {
      child.once("error", () => {
        clearTimeout(clock);
        resolve(false);
      });
      child.once("close", (status) => {
        clearTimeout(clock);
        resolve(status === 0 && answer === secret);
      });
    });
  }
}
