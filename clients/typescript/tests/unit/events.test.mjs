import assert from "node:assert/strict";
import test from "node:test";

import { EventParser } from "../../dist/events.js";

const stream =
  ": a comment\r\nid: 7\r\ndata: {\"a\":\r\ndata:  1}\r\n\r\n" +
  "data: the id stays\n\n:\n\nevent: ignored\rid: 8\rdata:no blank\r\rdata\n\nid: 9\n\ndata: « à »\n\ndata: not ended";
const messages = [
  { id: "7", data: '{"a":\n 1}' },
  { id: "7", data: "the id stays" },
  { id: "8", data: "no blank" },
  { id: "8", data: "" },
  { id: "9", data: "« à »" },
];

const parsed = (pieces) => {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.push(piece));
};

test("a stream is read the same wherever it is cut in two or three", () => {
  assert.deepEqual(parsed([stream]), messages);
  for (let cut = 0; cut <= stream.length; cut++) {
    for (const next of [cut, cut + 1, cut + 2]) {
      const pieces = [stream.slice(0, cut), stream.slice(cut, next), stream.slice(next)];
      assert.deepEqual(parsed(pieces), messages, JSON.stringify(pieces));
    }
  }
});

test("a stream is read the same one character at a time", () => {
  assert.deepEqual(parsed([...stream]), messages);
});

test("a message that no empty line has ended is not given", () => {
  assert.deepEqual(parsed(["id: 1\ndata: half"]), []);
  assert.deepEqual(parsed(["id: 1\ndata: half\n"]), []);
});

test("a message is given with the line that ends it, not later", () => {
  const parser = new EventParser();
  assert.deepEqual(parser.push("data: x\r\n\r"), [{ id: "", data: "x" }]);
  assert.deepEqual(parser.push("\ndata: y\n\n"), [{ id: "", data: "y" }]);
});
