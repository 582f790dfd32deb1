// The tests against a server with the demo world: the one that GUICHET_URL names, or one of its own, started from GUICHET_BIN.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Server } from "./server_process.mjs";

const directory = fileURLToPath(new URL("server", import.meta.url));

async function run(url) {
  const files = (await readdir(directory)).filter((name) => name.endsWith(".test.mjs"));
  const child = spawn(process.execPath, ["--test", ...files.map((name) => join(directory, name))], {
    env: { ...process.env, GUICHET_URL: url },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = await once(child, "exit");
  return code ?? 1;
}

const named = process.env.GUICHET_URL;
const server = named ? null : await Server.start();
try {
  process.exitCode = await run(named ?? server.api);
} finally {
  await server?.remove();
}
