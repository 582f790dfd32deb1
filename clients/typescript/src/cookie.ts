import { jsonRequest, type Renewal, type Way } from "./renewal.js";

/**
 * The refresh token lies in a cookie that no script can read. It is for pages of the same site as the API: the browser sends the
 * cookie to `/v1/auth/cookie` only, and from no other site.
 */
export function renewalByCookie(way: Way, headers: () => Record<string, string>): Renewal {
  return {
    signIn: (credentials) =>
      way.fetch(
        jsonRequest(`${way.baseUrl}/v1/auth/cookie`, credentials, { headers: headers(), credentials: "include" }),
      ),
    refresh: () => () => {
      // A form of another site cannot send this header.
      const sent = new Headers(headers());
      sent.set("guichet-refresh", "cookie");
      const url = `${way.baseUrl}/v1/auth/cookie/refresh`;
      return way.fetch(new Request(url, { method: "POST", headers: sent, credentials: "include" }));
    },
  };
}
