#!/usr/bin/env bash
# Signs in, refreshes the tokens once, and signs out.
#
#   GUICHET_USER=requester-1 GUICHET_PASSWORD_FILE=password ./sign-in.sh
#
# GUICHET_URL is the address of the server, http://127.0.0.1:8080 unless given. The first line of the file is the password.
set -euo pipefail
umask 077
url=${GUICHET_URL:-http://127.0.0.1:8080}
place=$(mktemp -d)
trap leave EXIT

# Signs out, and leaves nothing behind.
leave() {
	[ ! -f "$place/authorization" ] || curl -sS -X DELETE -H @"$place/authorization" -o "$place/answer" "$url/v1/auth/token" || true
	rm -rf "$place"
}

# What Python makes of the JSON document d on standard input, one a line.
json() { python3 -c "import json, sys; d = json.load(sys.stdin); print(*($1), sep='\n')"; }

# Signs in. The token lies in a private file, since command lines are seen by everybody on the machine.
sign_in() {
	python3 -c 'import json, sys; print(json.dumps({"username": sys.argv[1], "password": open(sys.argv[2]).readline().rstrip("\r\n")}))' \
		"${GUICHET_USER:?}" "${GUICHET_PASSWORD_FILE:?}" |
		curl -sS --fail-with-body -H 'Content-Type: application/json' -d @- -o "$place/answer" "$url/v1/auth/token" ||
		refused
	keep
}

# A refresh token serves once: the new one takes its place.
refresh() {
	curl -sS --fail-with-body -H 'Content-Type: application/json' -d @"$place/refresh" -o "$place/answer" "$url/v1/auth/refresh" || refused
	keep
}

keep() {
	echo "Authorization: Bearer $(json 'd["access_token"],' <"$place/answer")" >"$place/authorization"
	json 'json.dumps({"refresh_token": d["refresh_token"]}),' <"$place/answer" >"$place/refresh"
}

# Shows why the server did not do it, and ends the program.
refused() {
	cat "$place/answer" >&2
	exit 1
}

me() {
	curl -sS --fail-with-body -H @"$place/authorization" -o "$place/answer" "$url/v1/me" || refused
	json 'd["account"]["username"],' <"$place/answer"
}

sign_in
echo "signed in as $(me)"
# An access token holds for 15 minutes (`expires_in`): refresh it a little earlier.
refresh
echo "refreshed, still $(me)"
# Signing out ends both tokens.
curl -sS --fail -X DELETE -H @"$place/authorization" "$url/v1/auth/token"
rm "$place/authorization"
echo "signed out"
