#!/usr/bin/env bash
# Installs what the tests need beyond Go: a C compiler (for -race), PostgreSQL's
# and Redis's server programs (tests start servers of their own), the programs of
# examples/commands, nginx, Caddy and systemd's (tests run or ask them with the files of
# deploy/), Chromium, Node.js with the npm clients of test/clients, and llama.cpp's library
# (.tools/llama). Does nothing where all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

has_postgres() {
	[ -n "${SKYTOWER_TEST_PG_BIN:-}" ] || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null
}

missing=()
command -v "${CC:-gcc}" >/dev/null || missing+=(gcc libc6-dev)
has_postgres || missing+=(postgresql)
command -v redis-server >/dev/null || [ -x /usr/bin/redis-server ] || missing+=(redis-server)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
command -v espeak-ng >/dev/null || missing+=(espeak-ng)
[ -x /usr/bin/convert ] || missing+=(imagemagick)
command -v ffmpeg >/dev/null || missing+=(ffmpeg)
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx)
command -v caddy >/dev/null || missing+=(caddy)
command -v systemd-analyze >/dev/null || missing+=(systemd)
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing+=(chromium)
has_library() { compgen -G "/usr/lib/*/$1*" >/dev/null || compgen -G "/usr/lib/$1*" >/dev/null || compgen -G "/lib/*/$1*" >/dev/null; }
[ "$(uname)" != Linux ] || has_library libffi.so || missing+=(libffi8)
[ "$(uname)" != Linux ] || has_library libstdc++.so || missing+=(libstdc++6)

if [ "${#missing[@]}" -gt 0 ]; then
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
		echo "The tests need programs that are not here: ${missing[*]} (Debian's names)." >&2
		echo "Install them, or run this as root on Debian. Another PostgreSQL's folder of programs can be named in SKYTOWER_TEST_PG_BIN." >&2
		exit 1
	fi
	echo "installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q </dev/null
	apt-get install -q -y --no-install-recommends "${missing[@]}" </dev/null
fi

# npm ci removes the folder first: only when the lock file changed.
clients=test/clients
if [ -f "$clients/package.json" ]; then
	stamp="$clients/node_modules/.package-lock.json"
	if [ ! -f "$stamp" ] || [ "$clients/package-lock.json" -nt "$stamp" ]; then
		(cd "$clients" && npm ci --no-audit --no-fund --loglevel=error </dev/null)
	fi
fi

# The library that engines are tested with: the package that 'skytower engine install' takes,
# by the same version and hash (internal/provider/llama/install.go).
version=$(sed -n 's/^const LibraryVersion = "\(.*\)"$/\1/p' internal/provider/llama/install.go)
library=.tools/llama/$version
case "$(uname -s)-$(uname -m)" in
Linux-x86_64) package=linux-x64 ;;
Linux-aarch64) package=linux-arm64 ;;
*) package= ;;
esac
if [ -n "$package" ] && [ ! -e "$library/libllama.so" ]; then
	hash=$(sed -n "s|.*{\"@node-llama-cpp/$package\", \"\([0-9a-f]*\)\"}.*|\1|p" internal/provider/llama/install.go)
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	(cd "$work" && npm pack --silent "@node-llama-cpp/$package@$version" </dev/null >/dev/null)
	echo "$hash  $(ls "$work"/*.tgz)" | sha256sum --check --quiet
	tar -xzf "$work"/*.tgz -C "$work"
	mkdir -p "$library.part"
	cp "$work/package/bins/$package"/lib*.so "$library.part/"
	for file in "$library.part"/lib*.v*.so; do
		name=$(basename "$file")
		ln -sf "$name" "$library.part/${name%%.v*}.so"
	done
	rm -rf "$library" && mv "$library.part" "$library"
fi
