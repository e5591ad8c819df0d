#!/bin/bash
# programs.sh FOLDER: makes it a folder of links to all programs that tests may use, and nothing else: those of
# essential Debian and of the packages of `make deps`, with what these depend on. Made anew when either changes.
set -euo pipefail
export LC_ALL=C

folder=$1
here=$(cd "$(dirname "$0")" && pwd)
deps=$here/../../scripts/dev/deps.sh
status=/var/lib/dpkg/status

if [ ! -e "$status" ]; then    # no Debian: what it has in its own folders
    mkdir -p "$folder"
    for place in /usr/sbin /usr/bin /sbin /bin; do ln -sf "$place"/* "$folder/"; done
    exit
fi
[ -e "$folder/.made" ] && [ ! "$status" -nt "$folder/.made" ] && [ ! "$deps" -nt "$folder/.made" ] &&
    [ ! "$0" -nt "$folder/.made" ] && exit

# Of an alternative dependency all that are there count; a Recommends does not: `make deps` does not install it.
closure() {    # PACKAGE...: these and the essential ones with all that they depend on, as far as installed
    dpkg-query -W -f '${db:Status-Status}|${Essential}|${Package}|${Pre-Depends}, ${Depends}\n' |
        awk -F '|' -v roots="$*" '
            $1 == "installed" {
                name = $3; there[name]
                if ($2 == "yes") wanted[name]
                sub(/^[^|]*\|[^|]*\|[^|]*\|/, ""); gsub(/\([^)]*\)|:[a-z]+|[,|]/, " "); needs[name] = $0
            }
            END {
                count = split(roots, root, " ")
                for (i = 1; i <= count; i++) if (root[i] in there) wanted[root[i]]
                do {
                    grew = 0
                    for (name in wanted) {
                        if (done[name]++) continue
                        count = split(needs[name], need, " ")
                        for (i = 1; i <= count; i++)
                            if (need[i] in there && !(need[i] in wanted)) { wanted[need[i]]; grew = 1 }
                    }
                } while (grew)
                for (name in wanted) print name
            }'
}

new=$folder.$$
trap 'rm -rf "$new"' EXIT
mkdir -p "$new"
mapfile -t packages < <(closure $("$deps" --list) make mount mawk)
dpkg-query -L "${packages[@]}" | sed -nE 's#^(/usr)?/s?bin/([^/]+)$#\2#p' | sort -u | while IFS= read -r name; do
    for place in /usr/bin /usr/sbin /bin /sbin; do
        [ -x "$place/$name" ] || continue
        ln -s "$place/$name" "$new/$name"
        break
    done
done
# Names that belong to no package, because several programs can take them.
for name in awk cc which; do
    [ ! -x "/usr/bin/$name" ] || ln -sf "/usr/bin/$name" "$new/$name"
done
touch "$new/.made"
rm -rf "$folder"
mv -T "$new" "$folder" 2>/dev/null || [ -e "$folder/.made" ]    # another run may have been quicker
