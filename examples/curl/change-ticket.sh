#!/usr/bin/env bash
# Changes the priority of a ticket, unless somebody else has changed it meanwhile.
#
#   GUICHET_USER=agent GUICHET_PASSWORD_FILE=password ./change-ticket.sh SUP-1 high [VERSION]
#
# VERSION is the one that the person saw who decides; the present one unless given. Exit status 3: somebody else was faster.
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

key=${1:?usage: change-ticket.sh KEY PRIORITY [VERSION]} priority=${2:?a priority, such as high} version=${3:-}
sign_in
if [ -z "$version" ]; then
	curl -sS --fail-with-body -H @"$place/authorization" -o "$place/answer" "$url/v1/tickets/$key" || refused
	version=$(json 'd["version"],' <"$place/answer")
fi
while true; do
	status=$(curl -sS -X PATCH -H @"$place/authorization" -H "If-Match: \"$version\"" -H 'Content-Type: application/json' \
		-H 'Accept-Language: en' -d "{\"priority\":\"$priority\"}" -o "$place/answer" -w '%{http_code}' "$url/v1/tickets/$key")
	case $status in
	200) break ;;
	412) ;;
	*) refused ;;
	esac
	echo "since version $version:" >&2
	json '"  " + m["text"] for m in d["missed"]' <"$place/answer" >&2
	# Comments and the like do not matter here. Another priority does, and so does a list that is not whole.
	fields=$(json '["more"] if d.get("next_cursor") else [c["field"] for m in d["missed"] for c in m["changes"]]' <"$place/answer")
	if grep -qxE 'priority|more' <<<"$fields"; then
		echo "look at $key again, and decide again" >&2
		exit 3
	fi
	version=$(json 'd["missed"][-1]["version"],' <"$place/answer")
done
json '"{key}: priority {priority}, version {version}".format(**d),' <"$place/answer"
