// Runs tests without a network, in a namespace that has the loopback and no route (Linux, as root or where user
// namespaces are allowed). A test that needs more than the loopback fails.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const inside = 'ip link set lo up 2>/dev/null || ifconfig lo up || exit 75; exec "$@"';
const kind = process.getuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
const run = (...args) => spawnSync("unshare", [...kind, "--", "sh", "-c", inside, "sh", ...args], { stdio: "inherit" });
// A wall that only seems to stand would prove nothing.
const reaches =
  "const s=require('net').connect(443,'192.0.2.1');s.on('error',(e)=>process.exit(e.code==='ENETUNREACH'?0:1));setTimeout(()=>process.exit(1),3000)";
if (run(process.execPath, "-e", reaches).status !== 0) {
  console.error("there is no namespace without a network here: it takes Linux, unshare and ip");
  process.exit(1);
}
const { status } = run(
  process.execPath,
  fileURLToPath(new URL("./run.mjs", import.meta.url)),
  ...process.argv.slice(2),
);
process.exit(status ?? 1);
