import { client } from "./hey/client.gen.js";
import { createAttachment, getAttachment } from "./hey/sdk.gen.js";
import { cameBack, tried } from "./tried.js";

client.setConfig({ baseUrl: tried.base, auth: tried.token });
const made = await createAttachment({
  path: { key: tried.key },
  body: { file: tried.file },
  throwOnError: true,
});
const got = await getAttachment({
  path: { key: tried.key, id: made.data.id },
  parseAs: "blob",
  throwOnError: true,
});
cameBack("@hey-api/openapi-ts", await (got.data as Blob).arrayBuffer());
