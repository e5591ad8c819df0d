#!/bin/bash
# demo.sh PROGRAM, relative to the repository: a small studio under build/demo, made of files of this repository, and the
# main job shown on it. Nothing of the user's is read or touched; what the terminal can show stays as it is.
set -euo pipefail
ALONE_OPTIONS=(--environment --keep 'TERM COLUMNS LINES NO_COLOR LANG LC_ALL LC_CTYPE')
. "$(dirname "$0")/../../tests/alone/enter.sh"
cd "$(dirname "$0")/../.."

program=$1
demo=$PWD/build/demo
work=$demo/WORK storage=$demo/STORAGE nas=$demo/NAS
catalog=$demo/catalog.db
config=$demo/config.lua

# take COUNT FOLDER SUFFIX: copies of COUNT files of this repository whose names end so, the largest first.
take() {
    local count=$1 folder=$2 suffix=$3 file
    mkdir -p "$folder"
    find src lua scripts tests -type f -name "*$suffix" -printf '%s %p\n' | sort -k1,1nr -k2 | sed -n "1,${count}p" |
        cut -d ' ' -f 2- | while IFS= read -r file; do cp -p -- "$file" "$folder/"; done
}

# slices COUNT FOLDER NAME BYTES: COUNT files whose content is another slice of the program each; in NAME, %d is the number.
slices() {
    local i
    mkdir -p "$2"
    for ((i = 1; i <= $1; i++)); do
        # shellcheck disable=SC2059    # the name is a format
        dd status=none if="$program" iflag=skip_bytes,count_bytes skip=$((i * 997)) count="$4" of="$2/$(printf "$3" "$i")"
    done
}

mirror() { mkdir -p "$2/$3" && cp -a "$1/$3/." "$2/$3/"; }    # FROM TO PATH: a copy of an earlier evening

lay_out() {
    rm -rf "$demo"
    mkdir -p "$work" "$storage" "$nas"
    take 12 "$work/project/acme/spot-2031/scenes" .c
    take 6 "$work/project/acme/spot-2031/scripts" .sh
    slices 8 "$work/footage/acme/spot-2031/plates" 'plate.%04d.dpx' 250000
    slices 4 "$work/footage/acme/spot-2031/audio" 'take %d.wav' 150000
    slices 48 "$work/scratch/render/acme/spot-2031/shot_010" 'beauty.%04d.exr' 96000
    slices 12 "$work/scratch/cache/acme/spot-2031/sim" 'smoke.%04d.vdb' 60000
    take 9 "$work/project/acme/winter campaign/scenes" .lua
    slices 24 "$work/scratch/render/acme/winter campaign/shot 020" 'beauty.%04d.exr' 96000
    slices 10 "$work/project/bauhaus/museum/drawings" 'floor %d.dwg' 120000
    slices 5 "$work/footage/bauhaus/museum/photos" 'hall %d.raw' 200000
    slices 10 "$work/scratch/render/bauhaus/museum/walkthrough" 'view.%04d.exr' 96000
    take 7 "$storage/project/kino/harbour/edit" .h
    slices 5 "$storage/footage/kino/harbour/reels" 'reel %d.mov' 250000

    mirror "$work" "$storage" project/acme/spot-2031                 # the same on two disks
    mirror "$work" "$nas" project/acme/spot-2031
    mirror "$work" "$nas" footage/acme/spot-2031
    mirror "$work" "$nas" scratch/render/acme/spot-2031              # a copy that was interrupted
    rm "$nas"/scratch/render/acme/spot-2031/shot_010/beauty.00[34]*.exr
    mirror "$work" "$storage" project/bauhaus/museum
    mirror "$work" "$storage" footage/bauhaus/museum
    local scene
    scene=$(find "$work/project/acme/spot-2031/scenes" -type f | sort | sed -n 1p)
    sleep 0.1
    echo "/* changed after the backup */" >>"$scene"                 # newer on WORK
    echo "call sheet" >"$work/footage/acme/call sheet.txt"           # in no project: a loose entry
}

write_config() {
    cat >"$config" <<END
-- The demo's startup file. The real one is ~/.config/autobackup/config.lua; config.lua.example shows more.
add("database", "WORK", "WORK")
add("database", "STORAGE", "STORAGE")
add("database", "NAS", "NAS")
add("category", "project", "project")
add("category", "footage", "footage")
add("category", "render", "scratch/render")
add("category", "cache", "scratch/cache")
END
}

[ -t 1 ] && bold=$'\033[1m' plain=$'\033[0m' || bold='' plain=''

show() {    # ARG...: the command as it is typed, then what it says
    printf '\n%s>>>%s%s\n' "$bold" "$(printf ' %s' "${@@Q}" | sed "s/'\([a-zA-Z0-9*/._=-]*\)'/\1/g")" "$plain"
    local status=0
    "$program" --config "$config" --catalog "$catalog" "$@" || status=$?
    [ "$status" = 0 ] || { echo "(exit status $status)"; [ "$status" = 3 ] || exit "$status"; }
}

echo "  laying out a small studio under build/demo"
lay_out
write_config
# An ordinary startup file registers a new disk only; the first typed add plants its marker.
for database in WORK STORAGE NAS; do
    "$program" --no-config --catalog "$catalog" add database "$database" "$demo/$database" >/dev/null
done

show load
show list databases
show list projects in acme
show fetch all
show fetch acme/spot-2031
show copy acme/spot-2031 render WORK NAS --dry-run
show copy acme/spot-2031 all WORK NAS
show copy 'acme/winter campaign' project WORK NAS
show fetch acme

cat <<END

Try next, in the same studio (leave with exit or Ctrl-D):

    $program --config build/demo/config.lua --catalog build/demo/catalog.db

    >>> fetch kino/harbour
    >>> copy kino/harbour footage STORAGE WORK NAS
    >>> explore acme/spot-2031 render NAS
    >>> for _, p in ipairs(projects()) do print(p.project, p.bytes) end
    >>> help copy

With your own disks: README.md, from "A tour" on, and config.lua.example.
END
