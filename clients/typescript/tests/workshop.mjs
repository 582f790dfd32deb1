// A project as somebody has it who installed the package: `npm pack`, unpacked into a directory's node_modules. It shows that what
// is published is whole.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);

/** Where an installed package lies. */
function installed(name) {
  const [path] = require.resolve.paths(name).filter((modules) => existsSync(join(modules, name)));
  if (!path) throw new Error(`${name} is not installed`);
  return join(path, name);
}

/** Makes the directory; answers its path. */
export async function makeWorkshop() {
  if (!existsSync(join(here, "dist/index.js"))) throw new Error("build the package first: npm run build");
  const workshop = await mkdtemp(join(tmpdir(), "guichet-workshop-"));
  const modules = join(workshop, "node_modules");
  await mkdir(join(modules, "@guichet/client"), { recursive: true });
  await mkdir(join(modules, "@types"));
  const npm = ["pack", "--ignore-scripts", "--silent", "--pack-destination", workshop, "--cache", join(workshop, "npm")];
  execFileSync("npm", npm, { cwd: here });
  const packed = (await readdir(workshop)).find((name) => name.endsWith(".tgz"));
  execFileSync("tar", ["-xzf", packed, "-C", join(modules, "@guichet/client"), "--strip-components=1"], {
    cwd: workshop,
  });
  await symlink(installed("openapi-fetch"), join(modules, "openapi-fetch"));
  await symlink(installed("@types/node"), join(modules, "@types/node"));
  await writeFile(join(workshop, "package.json"), '{ "type": "module", "private": true }\n');
  return workshop;
}

/** Takes the directory away. */
export async function removeWorkshop(workshop) {
  await rm(workshop, { recursive: true, force: true });
}

/** The TypeScript compiler. */
export function compiler() {
  return join(installed("typescript"), "bin/tsc");
}
