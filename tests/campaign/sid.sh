#!/usr/bin/env bash
# Runs the tests beside programs that are in Debian unstable only: the witness litewitness, torchwood's library, and
# Tessera's fsck. Installs nothing: the packages are unpacked into a folder (2.3 GB), which is kept for the next run.
# Usage: tests/campaign/sid.sh [FOLDER], by default target/sid.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-target/sid}")
mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/debs" "$folder/unpacked"
# The mirror that this machine uses has unstable too.
mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | sort -u | head -1)
echo "deb $mirror sid main" >"$folder/sources.list"
apt=(-o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$folder/lists"
  -o "Dir::Cache=$folder/cache" -o Dir::State::status=/dev/null -o Acquire::Languages=none)
if [ ! -e "$folder/unpacked/done" ]; then
  apt-get "${apt[@]}" update -qq
  libraries=$(apt-cache "${apt[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances golang-filippo-torchwood-dev golang-github-transparency-dev-tessera-dev |
    grep -E '^golang-.*-dev$' | sort -u)
  # shellcheck disable=SC2086
  (cd "$folder/debs" && apt-get "${apt[@]}" download -qq torchwood golang-1.26-go golang-1.26-src $libraries 2>/dev/null)
  for package in "$folder"/debs/*.deb; do dpkg -x "$package" "$folder/unpacked"; done
  touch "$folder/unpacked/done"
fi
HELDTO_SID="$folder/unpacked" PATH="$folder/unpacked/usr/bin:$PATH" HELDTO_REQUIRE=litewitness,torchwood,tessera,python,ssh \
  cargo test --package heldto-tests -- --nocapture witnesses:: strangers::
