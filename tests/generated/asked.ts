// How the client of orval asks: at this server, as this caller, files as files.
import { tried } from "./tried.js";

export async function asked<T>(path: string, options: RequestInit): Promise<T> {
  const headers = new Headers(options.headers);
  headers.set("authorization", `Bearer ${tried.token}`);
  const answer = await fetch(tried.base + path, { ...options, headers });
  if (!answer.ok) throw new Error(await answer.text());
  const isJson = answer.headers.get("content-type")?.startsWith("application/json");
  return (isJson ? await answer.json() : await answer.blob()) as T;
}
