// What every client is tried with: where, as whom, on which ticket, with which file. Exits with 1 unless it comes back byte for byte.
import { readFileSync } from "node:fs";

const [base = "", token = "", key = "", file = ""] = process.argv.slice(2);
const sent = readFileSync(file);

export const tried = { base, token, key, file: new File([sent], "dot.png", { type: "image/png" }) };

export function cameBack(name: string, received: ArrayBuffer): void {
  const same = Buffer.from(received).equals(sent);
  console.log(`${name}: ${received.byteLength} bytes, ${same ? "the same" : "others"}`);
  process.exitCode = same ? 0 : 1;
}
