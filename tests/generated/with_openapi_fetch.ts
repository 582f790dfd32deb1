import createClient from "openapi-fetch";

import type { paths } from "./types.js";
import { cameBack, tried } from "./tried.js";

const client = createClient<paths>({
  baseUrl: tried.base,
  headers: { authorization: `Bearer ${tried.token}` },
});
const made = await client.POST("/v1/tickets/{key}/attachments", {
  params: { path: { key: tried.key } },
  body: { file: "" },
  bodySerializer: () => {
    const form = new FormData();
    form.append("file", tried.file);
    return form;
  },
});
if (made.error) throw new Error(made.error.code);
const got = await client.GET("/v1/tickets/{key}/attachments/{id}", {
  params: { path: { key: tried.key, id: made.data.id } },
  parseAs: "arrayBuffer",
});
if (got.error) throw new Error(got.error.code);
cameBack("openapi-fetch", got.data);
