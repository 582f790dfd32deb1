/** The path of a stream with its parameters filled in, and its query. Lists repeat their parameter. */
export function streamUrl(
  template: string,
  given: { path?: Record<string, string>; query?: Record<string, unknown> | undefined },
): string {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given.path?.[name] ?? ""));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given.query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) query.append(name, String(one));
    }
  }
  return query.size === 0 ? path : `${path}?${query}`;
}
