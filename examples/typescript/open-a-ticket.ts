// Opens a ticket with a file, and shows what came of it. Run it with the address of a server that has the demo world in GUICHET_URL.
import { createGuichet, isProblem, unwrap } from "@guichet/client";

const baseUrl = process.env["GUICHET_URL"] ?? "http://127.0.0.1:8080";
const guichet = createGuichet({ baseUrl, language: "en" });

try {
  await guichet.signIn({ username: "requester-1", password: "Guichet-demo-1" });
  const ticket = unwrap(
    await guichet.POST("/v1/tickets", {
      body: {
        desk: "SUP",
        type: "incident",
        summary: "The scanner makes a noise",
        description: "It sounds like a mill. A recording is attached.",
        urgency: "medium",
        fields: { product: "scanner", steps: "Scan anything." },
      },
    }),
  );
  const recording = new File([new Uint8Array(200_000)], "noise.bin");
  await guichet.upload(`/v1/tickets/${ticket.key}/attachments`, recording, {
    onProgress: ({ sent_bytes, total_bytes }) => {
      if (sent_bytes === total_bytes) console.log(`${total_bytes} bytes sent`);
    },
  });
  const path = { key: ticket.key };
  const { items } = unwrap(await guichet.GET("/v1/tickets/{key}/attachments", { params: { path } }));
  console.log(`${ticket.key} (${ticket.status.label}): ${ticket.summary}`);
  for (const { name, size } of items) console.log(`  ${name}, ${size} bytes`);
} catch (error) {
  if (!isProblem(error)) throw error;
  console.error(error.message);
  for (const { pointer, detail } of error.errors) console.error(`  ${pointer} ${detail}`);
  process.exitCode = 1;
} finally {
  await guichet.signOut();
}
// prints 200000 bytes sent
// prints SUP-1 (Open): The scanner makes a noise
// prints   noise.bin, 200000 bytes
