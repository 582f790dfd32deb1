import type { Schemas } from "./problem.js";

/** How many hashes are made at once: each alone would mostly wait. */
const AT_ONCE = 256;

function zeroBits(hash: Uint8Array): number {
  let bits = 0;
  for (const byte of hash) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24;
    bits += 8;
  }
  return bits;
}

/**
 * Solves a challenge: finds a text whose hash with the token begins with so many zero bits. It takes a second or some; each bit more
 * doubles it.
 *
 * @returns What to send as `challenge` with the next sign-in.
 * @throws The reason of the signal when it is aborted.
 */
export async function solve(challenge: Schemas["Challenge"], signal?: AbortSignal): Promise<Schemas["Solution"]> {
  const encoder = new TextEncoder();
  for (let first = 0; ; first += AT_ONCE) {
    signal?.throwIfAborted();
    const texts = Array.from({ length: AT_ONCE }, (_, next) => (first + next).toString(36));
    const hashes = await Promise.all(
      texts.map((text) => crypto.subtle.digest("SHA-256", encoder.encode(`${challenge.token}:${text}`))),
    );
    const found = hashes.findIndex((hash) => zeroBits(new Uint8Array(hash)) >= challenge.bits);
    const solution = texts[found];
    if (solution !== undefined) return { token: challenge.token, solution };
  }
}
