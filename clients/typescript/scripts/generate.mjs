// Makes from the contract what the package takes from it: the types, and the list of the commands that may be sent again.
// Run by `npm run build`. The copies of the licences are for the published package, which must hold them.
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { parseYaml } from "@redocly/openapi-core";
import openapiTS, { astToString } from "openapi-typescript";

const here = new URL("../", import.meta.url);
const root = new URL("../../", here);
const contract = new URL("openapi/guichet.yaml", root);
const made = "// Made from openapi/guichet.yaml by `npm run generate`. Do not edit.\n";

/** Whether an operation declares `Idempotency-Key`, by itself or by reference. */
function takesKey(operation, parameters) {
  return (operation.parameters ?? []).some((given) => {
    const name = given.$ref?.split("/").at(-1);
    const parameter = name === undefined ? given : parameters[name];
    return parameter.in === "header" && parameter.name.toLowerCase() === "idempotency-key";
  });
}

function commandsOf(document) {
  const commands = [];
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of ["post", "put", "patch", "delete"]) {
      if (item[method] && takesKey(item[method], document.components.parameters)) {
        commands.push(`${method.toUpperCase()} ${path}`);
      }
    }
  }
  return commands;
}

/**
 * What `GET` answers where there is a live stream too: the page. Only `follow` asks for the stream, and the types would otherwise let
 * either come of each call.
 */
function withoutStreams(document) {
  const copy = structuredClone(document);
  for (const { get } of Object.values(copy.paths)) {
    const content = get?.responses["200"]?.content ?? {};
    if (Object.keys(content).length > 1) delete content["text/event-stream"];
  }
  return copy;
}

const document = parseYaml(await readFile(contract, "utf8"));
const commands = commandsOf(document);
if (commands.length === 0) throw new Error("the contract declares Idempotency-Key nowhere");

// What an earlier contract gave must not outlive it.
await rm(new URL("dist", here), { recursive: true, force: true });
await writeFile(new URL("src/contract.ts", here), made + astToString(await openapiTS(withoutStreams(document))));
await writeFile(
  new URL("src/commands.ts", here),
  `${made}
/** The commands of the contract that take \`Idempotency-Key\`: method and path. */
export const commands: ReadonlySet<string> = new Set(${JSON.stringify(commands, null, 2)});
`,
);
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) {
  await copyFile(new URL(licence, root), fileURLToPath(new URL(licence, here)));
}
