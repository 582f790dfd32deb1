import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import test from "node:test";

import { ChallengeRequired, isProblem, SecondFactorRequired, solve, unwrap } from "@guichet/client";
import { newAccount, nobody, PASSWORD, signedIn } from "./people.mjs";

/** A time-based code (RFC 6238) of a secret in base 32. */
function codeOf(secret) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/=+$/, "")].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0"));
  const key = Buffer.from(bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac("sha1", key).update(step).digest();
  const code = hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff;
  return String(code % 1_000_000).padStart(6, "0");
}

test("a second factor is asked for by an error of its own, and a code answers it", async () => {
  const username = await newAccount();
  const owner = nobody();
  await owner.signIn({ username, password: PASSWORD });
  const pending = unwrap(await owner.POST("/v1/me/second-factor", { body: { password: PASSWORD } }));
  const confirmed = await owner.POST("/v1/me/second-factor/confirmation", { body: { code: codeOf(pending.secret) } });
  const [code] = unwrap(confirmed).codes;

  const guichet = nobody();
  const withoutCode = guichet.signIn({ username, password: PASSWORD });
  await assert.rejects(withoutCode, (error) => error instanceof SecondFactorRequired && error.status === 401);
  assert.equal(await guichet.resume(), false);
  await guichet.signIn({ username, password: PASSWORD, code });
  assert.equal(await guichet.resume(), true);
  assert.equal(unwrap(await guichet.GET("/v1/me")).account.username, username);
});

test("after failures a challenge is asked for, and its solution with the right password is enough", async () => {
  const username = await newAccount();
  const guichet = nobody();
  for (const _ of [1, 2, 3]) {
    const wrong = guichet.signIn({ username, password: "not it" });
    await assert.rejects(wrong, (error) => isProblem(error, "wrong-credentials"));
  }
  const asked = await guichet.signIn({ username, password: PASSWORD }).catch((error) => error);
  assert.ok(asked instanceof ChallengeRequired, String(asked));
  await guichet.signIn({ username, password: PASSWORD, challenge: await solve(asked.challenge) });
  assert.equal(await guichet.resume(), true);
});

test("tokens in a store of one's own serve the next page, and are forgotten at the end", async () => {
  let kept = null;
  const store = { load: async () => kept, save: async (tokens) => void (kept = tokens) };
  await signedIn("requester-1", { store });
  const { refresh_token } = kept;
  // The next page begins when the access token has ended.
  kept.ends_at_ms = 0;
  const next = nobody({ store });
  assert.equal(await next.resume(), true);
  assert.notEqual(kept.refresh_token, refresh_token);
  assert.equal(unwrap(await next.GET("/v1/me")).account.username, "requester-1");
  assert.equal(await next.signOut(), null);
  assert.equal(kept, null);
  assert.equal(await nobody({ store }).resume(), false);
});

test("an access token that was revoked is noticed, and the sign-in is over", async () => {
  let kept = null;
  const store = { load: () => kept, save: (tokens) => void (kept = tokens) };
  const guichet = await signedIn("requester-2", { store });
  const { access_token } = kept;
  await guichet.signOut();
  kept = { access_token, refresh_token: "none", ends_at_ms: Date.now() + 900_000 };
  const me = async () => unwrap(await guichet.GET("/v1/me"));
  await assert.rejects(me, (error) => isProblem(error, "unauthenticated"));
  assert.equal(kept, null);
});
