import assert from "node:assert/strict";
import test from "node:test";

import { createGuichet, unwrap } from "@guichet/client";
import { address, PASSWORD } from "./people.mjs";

/** What a browser does with cookies: keeps them, and sends them to their path where credentials are included. */
function browser() {
  const jar = new Map();
  const fetchWithCookies = async (request) => {
    const { pathname } = new URL(request.url);
    const due = [...jar.values()].filter(({ path }) => pathname.startsWith(path));
    const copy = new Request(request);
    if (request.credentials === "include") copy.headers.set("cookie", due.map(({ pair }) => pair).join("; "));
    const answer = await fetch(copy);
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(/; */);
      const name = pair.split("=")[0];
      const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? "/";
      const over = attributes.some((one) => /^max-age=0$/i.test(one) || Date.parse(one.replace(/^expires=/i, "")) < Date.now());
      if (over) jar.delete(name);
      else jar.set(name, { pair, path, attributes });
    }
    return answer;
  };
  return { jar, fetch: fetchWithCookies };
}

test("the next page goes on with the cookie that no script can read, until the sign-out", async () => {
  const { jar, fetch } = browser();
  const page = () => createGuichet({ baseUrl: address(), cookie: true, fetch });
  const first = page();
  assert.equal(await first.resume(), false);
  await first.signIn({ username: "requester-1", password: PASSWORD });
  const [{ path, attributes }] = jar.values();
  assert.equal(path, "/v1/auth/cookie");
  for (const wanted of ["HttpOnly", "Secure", "SameSite=Strict"]) assert.ok(attributes.includes(wanted), wanted);

  const second = page();
  assert.equal(await second.resume(), true);
  assert.equal(unwrap(await second.GET("/v1/me")).account.username, "requester-1");
  await second.signOut();
  assert.equal(jar.size, 0);
  assert.equal(await page().resume(), false);
});
