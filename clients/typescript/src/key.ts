/** A fresh `Idempotency-Key`: 128 bits of chance. `crypto.randomUUID` would not be there on a page over plain HTTP. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
