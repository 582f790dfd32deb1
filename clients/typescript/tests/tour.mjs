// The whole way of a frontend through the service, with the package as it is published and a server that is stopped, killed and
// started meanwhile. Given GUICHET_BIN. Prints a line for each step; ends with 1 at the first that fails.
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { Server } from "./server_process.mjs";
import { makeWorkshop, removeWorkshop } from "./workshop.mjs";

const STEPS = ["first_steps", "conflict", "retry", "walk", "upload", "live"];

const workshop = await makeWorkshop();
// One account writes 1,400 tickets in a few seconds.
const server = await Server.start({ GUICHET_WRITES_PER_MINUTE: "100000" });
try {
  // Copied, so that the steps find the package where a user's program would.
  await cp(fileURLToPath(new URL("tour", import.meta.url)), join(workshop, "tour"), { recursive: true });
  for (const name of STEPS) {
    const step = await import(pathToFileURL(join(workshop, "tour", `${name}.mjs`)).href);
    const begun = performance.now();
    const figures = await step.run(server);
    console.log(`ok: ${name.replaceAll("_", " ")}: ${figures} (${Math.round(performance.now() - begun)} ms)`);
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await server.remove();
  await removeWorkshop(workshop);
}
