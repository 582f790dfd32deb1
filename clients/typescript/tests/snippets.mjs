// Every TypeScript block of the documentation, and the examples: compiled in the strictest mode against the package as it is published,
// then run, each file's blocks as one program in their order, against a server of its own. What a program prints is compared with its
// comments `// prints …`, in their order. Given GUICHET_BIN.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Server } from "./server_process.mjs";
import { compiler, makeWorkshop, removeWorkshop } from "./workshop.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** The address that the documentation names. */
const ADDRESS = "http://127.0.0.1:8080";

const PAGES = { frontend: "docs/frontend.md", readme: "clients/typescript/README.md" };
const EXAMPLES = ["open-a-ticket", "follow-a-ticket", "follow-the-log"];

/** The blocks of a page, as one program. */
function blocks(markdown) {
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
}

/** What a program says that it prints. */
const promised = (source) => [...source.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => line);

async function sources() {
  const programs = [];
  for (const [name, page] of Object.entries(PAGES)) {
    const code = blocks(await readFile(join(root, page), "utf8"));
    assert.ok(code.length > 1, `${page} has blocks`);
    programs.push({ name, from: page, count: `${code.length} blocks`, source: code.join("\n") });
  }
  for (const name of EXAMPLES) {
    const from = `examples/typescript/${name}.ts`;
    programs.push({ name, from, count: "a program", source: await readFile(join(root, from), "utf8") });
  }
  return programs;
}

const options = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noUnusedLocals: true,
  verbatimModuleSyntax: true,
  target: "es2022",
  module: "nodenext",
  moduleResolution: "nodenext",
  lib: ["es2022", "dom", "dom.iterable", "dom.asynciterable"],
  types: ["node"],
  outDir: "built",
};

function compile(workshop) {
  try {
    execFileSync(process.execPath, [compiler(), "-p", "."], { cwd: workshop });
  } catch (error) {
    throw new Error(`it does not compile:\n${error.stdout}`);
  }
}

async function run(workshop, { name, from, count, source }) {
  const built = join(workshop, "built", `${name}.js`);
  const server = await Server.start();
  try {
    await writeFile(built, (await readFile(built, "utf8")).replaceAll(ADDRESS, server.api));
    const environment = { ...process.env, GUICHET_URL: server.api };
    const { stdout } = await promisify(execFile)(process.execPath, [built], { env: environment, timeout: 60_000 });
    const lines = stdout.split("\n").slice(0, -1);
    assert.deepEqual(lines, promised(source), from);
    console.log(`ok: ${from}: ${count}, ${lines.length} lines as promised`);
  } finally {
    await server.remove();
  }
}

const workshop = await makeWorkshop();
try {
  const programs = await sources();
  for (const { name, source } of programs) await writeFile(join(workshop, `${name}.ts`), source);
  const types = fileURLToPath(new URL("types.ts", import.meta.url));
  await writeFile(join(workshop, "types.ts"), await readFile(types, "utf8"));
  await writeFile(join(workshop, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["*.ts"] }));
  compile(workshop);
  console.log(`ok: ${programs.length} programs and the types compile`);
  for (const program of programs) await run(workshop, program);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await removeWorkshop(workshop);
}
