import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";

import { form, isProblem, unwrap, values } from "@guichet/client";
import { nobody, signedIn } from "./people.mjs";

const SUP = { params: { path: { key: "SUP" } } };
const desk = async (guichet) => unwrap(await guichet.GET("/v1/desks/{key}", SUP));

test("the form of each request type is read by its address, in the language asked for", async () => {
  const titles = {};
  for (const language of ["fr", "en"]) {
    const guichet = await signedIn("requester-1", { language });
    const { request_types } = await desk(guichet);
    for (const { id, schema } of request_types) {
      const read = await form(guichet, schema);
      assert.deepEqual(read["x-order"].toSorted(), Object.keys(read.properties).sort(), id);
    }
    const incident = await form(guichet, request_types.find(({ id }) => id === "incident").schema);
    assert.deepEqual(incident["x-order"], ["product", "equipment", "location", "since", "steps"]);
    assert.deepEqual(incident.required, ["product"]);
    titles[language] = incident.properties.steps.title;
  }
  assert.deepEqual(titles, { fr: "Comment reproduire", en: "How to reproduce it" });
});

test("the form of a transition is read by its address, with the status in it, and its values are labelled", async () => {
  const guichet = await signedIn("agent");
  const { schema } = (await desk(guichet)).transitions.find(({ id }) => id === "resolve");
  assert.match(schema, /^\/v1\/desks\/SUP\/transitions\/resolve\/schema\?from=/);
  const { resolution } = (await form(guichet, schema)).properties;
  assert.deepEqual(resolution.oneOf[0], { const: "done", title: "Done" });
  await assert.rejects(form(guichet, "/v1/desks/SUP/transitions/none/schema"), (error) => isProblem(error, "not-found"));
  await assert.rejects(form(nobody(), schema), (error) => isProblem(error, "unauthenticated"));
});

test("a list that stands apart is searched by the address in the form, and walked as a tree", async () => {
  const admin = await signedIn("admin");
  const site = `s-${randomUUID().slice(0, 8)}`;
  const named = (value, en, parent = null) => ({ value, label: { fr: `${en} (fr)`, en }, parent });
  // Parts of words are found too: these are in no random id.
  const rooms = ["north", "south", "west"].map((room) => named(`${site}-${room}`, `Room ${room} of ${site}`, site));
  const body = { values: [named(site, `Site ${site}`), ...rooms] };
  const params = { path: { key: "SUP", list: "location" } };
  unwrap(await admin.POST("/v1/desks/{key}/lists/{list}/values", { params, body }));
  const guichet = await signedIn("requester-1");
  const { location } = (await form(guichet, "/v1/desks/SUP/types/incident/schema")).properties;
  assert.equal(location["x-widget"], "tree");
  const labels = async (query) => {
    const found = [];
    for await (const { label } of values(guichet, location["x-list"], { ...query, limit: 2 })) found.push(label);
    return found;
  };
  assert.deepEqual(await labels({ parent: site }), rooms.map(({ label }) => label.en));
  assert.deepEqual(await labels({ q: `sou ${site}` }), [`Room south of ${site}`]);
  assert.ok((await labels({ top: true })).includes(`Site ${site}`));
});
