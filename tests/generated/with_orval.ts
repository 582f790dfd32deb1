import { createAttachment, getAttachment } from "./orval/api.js";
import { cameBack, tried } from "./tried.js";

const made = await createAttachment(tried.key, { file: tried.file });
const got = await getAttachment(tried.key, made.id);
cameBack("orval", await got.arrayBuffer());
