#!/bin/bash
# demo.sh PROGRAM, relative to the repository: a small studio under build/demo, made of files of this machine, and the main job shown on it.
# The user's own catalog and startup file are never touched.
set -euo pipefail
cd "$(dirname "$0")/../.."

program=$1
demo=$PWD/build/demo
work=$demo/WORK storage=$demo/STORAGE nas=$demo/NAS
catalog=$demo/catalog.db
config=$demo/config.lua

# take COUNT FOLDER SUFFIX [FROM...]: copies of COUNT real files whose names end so, largest under 2 MB first.
take() {
    local count=$1 folder=$2 suffix=$3
    shift 3
    mkdir -p "$folder"
    { find "${@:-/usr/share}" -type f -name "*$suffix" -size -2000k -printf '%s %p\n' 2>/dev/null || :; } |
        sort -k1,1nr -k2 | sed -n "1,${count}p" | cut -d ' ' -f 2- |
        while IFS= read -r file; do cp -p -- "$file" "$folder/"; done
    [ -n "$(ls -A "$folder")" ] || head -c 300000 /bin/bash >"$folder/file$suffix"
}

# frames COUNT FOLDER NAME: an image sequence, NAME.0001.exr and so on; its content is a slice of a real file each.
frames() {
    mkdir -p "$2"
    local i
    for ((i = 1; i <= $1; i++)); do
        dd status=none if=/bin/bash iflag=skip_bytes,count_bytes skip=$((i * 997)) count=96000 \
            of="$2/$(printf '%s.%04d.exr' "$3" "$i")"
    done
}

mirror() { mkdir -p "$2/$3" && cp -a "$1/$3/." "$2/$3/"; }    # FROM TO PATH: a copy of an earlier evening

lay_out() {
    rm -rf "$demo"
    mkdir -p "$work" "$storage" "$nas"
    take 12 "$work/project/acme/spot-2031/scenes" .h /usr/include
    take 6 "$work/project/acme/spot-2031/scripts" .sh /usr/share /usr/lib
    take 8 "$work/footage/acme/spot-2031/plates" .svg /usr/share /usr/lib
    take 4 "$work/footage/acme/spot-2031/audio" .gz /usr/share
    frames 48 "$work/scratch/render/acme/spot-2031/shot_010" beauty
    frames 12 "$work/scratch/cache/acme/spot-2031/sim" smoke
    take 9 "$work/project/acme/winter campaign/scenes" .py /usr/share /usr/lib
    frames 24 "$work/scratch/render/acme/winter campaign/shot 020" beauty
    take 10 "$work/project/bauhaus/museum/drawings" .so /usr/lib
    take 5 "$work/footage/bauhaus/museum/photos" .png /usr/share /usr/lib
    frames 10 "$work/scratch/render/bauhaus/museum/walkthrough" view
    take 7 "$storage/project/kino/harbour/edit" .conf /etc /usr/share
    take 5 "$storage/footage/kino/harbour/reels" .mo /usr/share

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

echo "Laying out a small studio under build/demo"
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

Go on by hand (leave with exit or Ctrl-D):

    $program --config build/demo/config.lua --catalog build/demo/catalog.db

    >>> fetch kino/harbour
    >>> copy kino/harbour footage STORAGE WORK NAS
    >>> explore acme/spot-2031 render NAS
    >>> for _, p in ipairs(projects()) do print(p.project, p.bytes) end
    >>> help copy
END
