#!/usr/bin/env bash
# Installs the programs that the tests start, from Debian, where they are missing. Only `nginx` is unpacked here and not installed:
# its package would start a service.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
# A program, and the package that brings it.
needs() {
	command -v "$1" >/dev/null || missing+=("$2")
}
needs cc gcc
needs cc libc6-dev
needs strace strace
needs javac default-jdk-headless
needs go golang-go
needs mcs mono-mcs
needs mono mono-runtime
needs chromium-headless-shell chromium-headless-shell
ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || missing+=(libfaketime)
ls /usr/lib/mono/4.5/System.Net.Http.dll >/dev/null 2>&1 || missing+=(libmono-system-net-http4.0-cil)
[ -x .programs/usr/sbin/nginx ] || nginx=missing

if [ ${#missing[@]} -gt 0 ] || [ -n "${nginx:-}" ]; then
	apt-get update -qq
fi
if [ ${#missing[@]} -gt 0 ]; then
	apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi
if [ -n "${nginx:-}" ]; then
	mkdir -p .programs
	(cd .programs && rm -f nginx_*.deb && apt-get download -qq nginx && dpkg -x nginx_*.deb . && rm nginx_*.deb)
fi
