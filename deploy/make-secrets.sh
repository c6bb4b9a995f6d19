#!/bin/sh
# Makes the secrets of compose.fleet.yaml in the folder `secrets` beside this file. What is
# there already stays: run it as often as you like.
set -eu
folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"

random() { openssl rand -hex "$1"; }

# keep FILE: standard input becomes the file, unless there is one.
keep() {
	if [ -e "$folder/$1" ]; then
		cat >/dev/null
	else
		cat >"$folder/$1.new"
		mv "$folder/$1.new" "$folder/$1"
	fi
}

random 24 | keep postgres_password
random 32 | keep master_key
printf 'requirepass %s\n' "$(random 24)" | keep valkey_conf
printf 'ROOT_ACCESS_KEY=%s\nROOT_SECRET_KEY=%s\n' "skytower-$(random 4)" "$(random 24)" | keep storage_root

# The same secrets, in the form that Skytower reads.
postgres_password=$(cat "$folder/postgres_password")
valkey_password=$(sed 's/^requirepass //' "$folder/valkey_conf")
. "$folder/storage_root"
printf 'postgres://skytower:%s@postgres/skytower\n' "$postgres_password" | keep database
printf 'redis://:%s@valkey:6379/0\n' "$valkey_password" | keep redis
printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$ROOT_ACCESS_KEY" "$ROOT_SECRET_KEY" | keep storage

# Compose hands files over as they are: the servers' user (65532 in the image) and those of
# PostgreSQL and Valkey must be able to read them, and nobody else may enter the folder.
chmod 0644 "$folder"/*
chmod 0700 "$folder"
echo "The secrets are in $folder. Keep a copy of master_key apart from backups of the database."
