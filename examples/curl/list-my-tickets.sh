#!/usr/bin/env bash
# Lists all tickets that were opened for oneself, page by page: key, status and summary.
#
#   GUICHET_USER=requester-1 GUICHET_PASSWORD_FILE=password ./list-my-tickets.sh [TICKETS-A-PAGE]
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
	echo "Authorization: Bearer $(json 'd["access_token"],' <"$place/answer")" >"$place/authorization"
}

# Shows why the server did not do it, and ends the program.
refused() {
	cat "$place/answer" >&2
	exit 1
}

sign_in
cursor=
while true; do
	curl -sS --fail-with-body -G -H @"$place/authorization" -o "$place/answer" "$url/v1/tickets" \
		--data-urlencode requester=me --data-urlencode "limit=${1:-200}" ${cursor:+--data-urlencode "cursor=$cursor"} || refused
	json '"{key}\t{status[id]}\t{summary}".format(**i) for i in d["items"]' <"$place/answer" | sed '/^$/d'
	# A cursor is opaque; the last page has none.
	cursor=$(json 'd["next_cursor"] or "",' <"$place/answer")
	[ -n "$cursor" ] || break
done
