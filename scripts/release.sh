#!/usr/bin/env bash
# Makes the archives of a release: one static binary for each of Linux, macOS and
# Windows on amd64 and arm64, with README, licences, completions and man pages.
#
#     bash scripts/release.sh [VERSION [OS/ARCH...]]
#     bash scripts/release.sh v1.2.3
#     bash scripts/release.sh v1.2.3 linux/amd64
#
# VERSION is what the binaries say they are; without it, Go's pseudo-version of
# the commit. What is built is the last commit, whatever lies around it. The
# archives and their SHA256SUMS go to dist/, or to the folder that DIST names.
#
# The same commit, version and Go give the same bytes, on every machine and at
# every time: the build runs in a clone without tags (Go records them), with no
# path of this machine in it (-trimpath); archives are sorted, of the commit's
# time, and of no user. gzip and zip compress alike in all recent versions.
#
# It needs bash, git, Go, GNU tar, gzip, sha256sum and, for Windows, zip.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1-}
shift || true
targets=("$@")
[ $# -gt 0 ] || targets=({linux,darwin,windows}/{amd64,arm64})
for target in "${targets[@]}"; do
	case $target in
	windows/*) needs=zip ;;
	*) needs=tar ;;
	esac
	command -v "$needs" >/dev/null || { echo "release.sh: $target needs $needs: install it" >&2; exit 1; }
done
case $version in
*[!A-Za-z0-9.+-]*) echo "release.sh: $version: a version has letters, digits, dots, + and -: give one like v1.2.3" >&2; exit 1 ;;
esac

mkdir -p "${DIST:=dist}"
dist=$(cd "$DIST" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
export LC_ALL=C TZ=UTC CGO_ENABLED=0 GOAMD64=v1 GOARM64=v8.0 GOFLAGS=-buildvcs=true GOEXPERIMENT='' GOWORK=off

commit=$(git rev-parse HEAD)
git -c advice.detachedHead=false clone --quiet --no-tags . "$work/source"
cd "$work/source"
git checkout --quiet --detach "$commit"
seconds=$(git log -1 --format=%ct)

# build OS ARCH FILE
build() {
	GOOS=$1 GOARCH=$2 go build -trimpath -ldflags "-s -w -X main.released=$version" -o "$3" ./cmd/vggtrain
}

# The parts that all archives have are made by this machine's own binary.
here=$work/here/vggtrain$(go env GOEXE)
build "$(go env GOHOSTOS)" "$(go env GOHOSTARCH)" "$here"
if [ -z "$version" ]; then
	version=$("$here" version | sed -n '1s/^vggtrain \([^ ]*\) .*/\1/p')
fi
common=$work/common
mkdir -p "$common/completions" "$common/man"
"$here" completion bash >"$common/completions/vggtrain.bash"
"$here" completion zsh >"$common/completions/_vggtrain"
"$here" completion fish >"$common/completions/vggtrain.fish"
"$here" completion powershell >"$common/completions/vggtrain.ps1"
go test ./cmd/vggtrain -count=1 -run '^TestMan$' -args -man "$common/man" \
	-man-version "$version" -man-date "$(date -u -d "@$seconds" +%F)" >/dev/null
cp README.md LICENSE "$common"

# licences OS ARCH: the licences of all that is linked into a binary.
licences() {
	printf 'vggtrain contains the software below, under the licences that follow each name.\n'
	printf '\n==== Go\n\n' && cat "$(go env GOROOT)/LICENSE"
	GOOS=$1 GOARCH=$2 go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/vggtrain |
		sort -u | while read -r module release folder; do
			printf '\n==== %s %s\n\n' "$module" "$release"
			find "$folder" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) -print0 | sort -z | xargs -0 -r cat
		done
}

archives=()
for target in "${targets[@]}"; do
	os=${target%/*} arch=${target#*/}
	name=vggtrain_${version}_${os}_$arch
	folder=$work/$name
	binary=vggtrain
	[ "$os" != windows ] || binary=vggtrain.exe
	cp -R "$common" "$folder"
	build "$os" "$arch" "$folder/$binary"
	licences "$os" "$arch" >"$folder/THIRD-PARTY-LICENCES.txt"
	find "$folder" -exec touch -h -d "@$seconds" {} +
	find "$folder" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
	chmod 755 "$folder/$binary"
	if [ "$os" = windows ]; then
		archive=$name.zip
		rm -f "$dist/$archive"
		(cd "$work" && find "$name" -type f | sort | zip -q -X -D -9 "$dist/$archive" -@)
	else
		archive=$name.tar.gz
		tar -C "$work" --format=ustar --sort=name --mtime="@$seconds" --owner=0 --group=0 --numeric-owner -cf - "$name" |
			gzip -n -9 >"$dist/$archive"
	fi
	archives+=("$archive")
	printf '%s: binary %d bytes, archive %d bytes\n' "$archive" "$(wc -c <"$folder/$binary")" "$(wc -c <"$dist/$archive")"
done
cd "$dist"
sha256sum "${archives[@]}" | sort -k 2 >SHA256SUMS
