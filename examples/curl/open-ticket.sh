#!/usr/bin/env bash
# Opens a ticket once, however often the connection breaks and however often this program is run.
#
#   GUICHET_USER=requester-1 GUICHET_PASSWORD_FILE=password ./open-ticket.sh order-4711 'Printer jams' 'It says jam without a jam.'
#
# The first argument names the request: an id of your own for what the ticket is about. The same name with the same words is
# answered with the same ticket; with other words it is refused (422 idempotency-key-reused).
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
	echo >&2
	exit 1
}

name=${1:?usage: open-ticket.sh NAME SUMMARY DESCRIPTION}
sign_in
# The form of desk and type is served at /v1/desks/SUP/types/question/schema.
python3 -c 'import json, sys; print(json.dumps({"desk": "SUP", "type": "question", "summary": sys.argv[1], "description": sys.argv[2]}))' \
	"$2" "$3" >"$place/ticket"
for _ in 1 2 3 4 5 6 7 8; do
	status=$(curl -sS -m 30 -H @"$place/authorization" -H "Idempotency-Key: $name" -H 'Content-Type: application/json' \
		-d @"$place/ticket" -D "$place/head" -o "$place/answer" -w '%{http_code}' "$url/v1/tickets") || status=broken
	case $status in
	201)
		json 'd["key"],' <"$place/answer"
		exit 0
		;;
	broken | 429 | 502 | 503 | 504)
		# Whether it was done may be unknown. With its key it is safe to send it again.
		wait_s=$(sed -n 's/^retry-after: *\([0-9]*\).*/\1/Ip' "$place/head" 2>/dev/null || true)
		echo "$status: again in ${wait_s:-1} s" >&2
		sleep "${wait_s:-1}"
		;;
	*) refused ;;
	esac
done
echo "given up; run it again with the same name" >&2
exit 1
