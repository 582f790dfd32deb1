// Reads the log to its end, then follows it live for one more event: the way of a program that copies the log elsewhere. It needs to
// remember one number, the position of the last event that it has copied.
import { createGuichet, events, unwrap } from "@guichet/client";

const baseUrl = process.env["GUICHET_URL"] ?? "http://127.0.0.1:8080";
const auditor = createGuichet({ baseUrl, language: "en" });
const requester = createGuichet({ baseUrl, language: "en" });
await auditor.signIn({ username: "auditor", password: "Guichet-demo-1" });
await requester.signIn({ username: "requester-1", password: "Guichet-demo-1" });

let copied = 0;
for await (const { position } of events(auditor)) {
  if (position !== copied + 1) throw new Error(`position ${position} after ${copied}`);
  copied = position;
}
console.log("read to the end");

const feed = auditor.follow("/v1/events", { after: copied, query: { type: ["ticket-opened.v1"] } });
const [ticket] = await Promise.all([
  requester.POST("/v1/tickets", {
    body: { desk: "SUP", type: "question", summary: "Is this copied?", description: "It should be." },
  }),
  (async () => {
    for await (const { event } of feed) {
      console.log((event as { stream: string }).stream);
      break;
    }
  })(),
]);
console.log(unwrap(ticket).position === Number(feed.lastEventId));
// prints read to the end
// prints SUP-1
// prints true
