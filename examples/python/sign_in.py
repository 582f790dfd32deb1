"""Signs in, and stays signed in as long as the program runs. The other programs of this directory import `Guichet` from here.

GUICHET_URL is the address of the server, http://127.0.0.1:8080 unless given. GUICHET_USER says who signs in, and the first line of
the file GUICHET_PASSWORD_FILE is the password.
"""

import os
import sys
import time
from typing import Any

import requests

# How long before its end an access token is refreshed, s, and how long one answer may take.
EARLY_S = 60
WAIT_S = 30


class Refused(Exception):
    """An answer that is a problem (RFC 9457). Programs go by `code`, people read `str()`."""

    def __init__(self, answer: requests.Response) -> None:
        is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
        self.status = answer.status_code
        self.problem = answer.json() if is_problem else {}
        self.code = self.problem.get("code", "")
        faults = [f"{fault['pointer']} {fault['detail']}" for fault in self.problem.get("errors", [])]
        says = [self.problem.get("title"), self.problem.get("detail"), *faults]
        super().__init__(f"{self.status} {self.code}: " + "; ".join(filter(None, says)))


class Guichet(requests.Session):
    """A session that signs in at its first request, refreshes its tokens before they end, and signs out at the end of its `with`.

    Not for several threads at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.url = os.environ.get("GUICHET_URL", "http://127.0.0.1:8080").rstrip("/")
        self.headers["Accept-Language"] = "en"
        self._refresh_token = ""
        self._good_until = 0.0

    def __exit__(self, *why: object) -> None:
        try:
            self.sign_out()
        except (requests.RequestException, Refused):
            # It then ends by itself within 12 hours.
            pass
        super().__exit__(*why)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Asks with a token that holds; raises `Refused` when the answer is no success."""
        options.setdefault("timeout", WAIT_S)
        self._stay_signed_in()
        answer = self.request(method, self.url + path, **options)
        if answer.status_code == 401:
            # The sign-in has ended: an administrator ended it, or the server has new keys. Sign in once more.
            self._sign_in()
            answer = self.request(method, self.url + path, **options)
        if not answer.ok:
            raise Refused(answer)
        return answer

    def refresh(self) -> None:
        """Takes new tokens. A refresh token serves once: the old one is forgotten."""
        answer = self._post("/v1/auth/refresh", {"refresh_token": self._refresh_token})
        if answer.status_code == 401:
            self._sign_in()
        else:
            self._keep(answer)

    def sign_out(self) -> None:
        """Ends the sign-in, and with it both tokens."""
        if self._refresh_token:
            self.call("DELETE", "/v1/auth/token")
            self._refresh_token = ""

    def _stay_signed_in(self) -> None:
        if not self._refresh_token:
            self._sign_in()
        elif time.monotonic() > self._good_until:
            self.refresh()

    def _sign_in(self) -> None:
        with open(os.environ["GUICHET_PASSWORD_FILE"], encoding="utf-8") as file:
            password = file.readline().rstrip("\r\n")
        self._keep(self._post("/v1/auth/token", {"username": os.environ["GUICHET_USER"], "password": password}))

    def _post(self, path: str, body: dict) -> requests.Response:
        self.headers.pop("Authorization", None)
        return self.post(self.url + path, json=body, timeout=WAIT_S)

    def _keep(self, answer: requests.Response) -> None:
        if not answer.ok:
            raise Refused(answer)
        tokens = answer.json()
        self.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self._refresh_token = tokens["refresh_token"]
        self._good_until = time.monotonic() + tokens["expires_in"] - EARLY_S


def main() -> None:
    with Guichet() as guichet:
        me = guichet.call("GET", "/v1/me").json()
        roles = ", ".join(role["profile"] for role in me["roles"])
        print(f"signed in as {me['account']['username']} ({roles})")
        guichet.refresh()
        print(f"refreshed, still {guichet.call('GET', '/v1/me').json()['account']['username']}")
        guichet.sign_out()
        print("signed out")


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        sys.exit(str(refused))
