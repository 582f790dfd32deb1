#!/usr/bin/env bash
# Attaches a file to a ticket, and downloads it again.
#
#   GUICHET_USER=requester-1 GUICHET_PASSWORD_FILE=password ./attach-file.sh SUP-1 picture.png copy.png
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

key=${1:?usage: attach-file.sh KEY FILE COPY} file=${2:?the file to attach} copy=${3:?where the downloaded copy goes}
sign_in
# curl's --form takes quotes and backslashes within a file name with backslashes before them.
quoted=$(printf %s "$file" | sed 's/[\\"]/\\&/g')
curl -sS --fail-with-body -H @"$place/authorization" -F "file=@\"$quoted\"" -o "$place/answer" "$url/v1/tickets/$key/attachments" || refused
json '"{id} {name}, {size} bytes, {media_type}".format(**d),' <"$place/answer"
id=$(json 'd["id"],' <"$place/answer")
sum=$(json 'd["sha256"],' <"$place/answer")
curl -sS --fail -H @"$place/authorization" -o "$copy" "$url/v1/tickets/$key/attachments/$id"
echo "$sum  $copy" | sha256sum --check
