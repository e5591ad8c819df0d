# What README.md, the comments of scripts and config.lua.example show to be typed, and a studio in which all of it must
# work. Sourced by 52-cron.sh and 53-examples.sh.
REPO=$(cd ../.. && pwd)
ANSWER=$PWD/answer.py
PAGES=("$REPO/README.md" "$REPO/config.lua.example" "$REPO"/scripts/*.lua)

# The example names what every studio has: databases WORK, STORAGE, NAS and an empty ARCHIVE below /mnt (here
# $PWD/mnt), categories project, footage, render and cache, the projects acme/spot-2031, acme/winter campaign (without a render), acme/spot,
# acme/spot one, bauhaus/museum, kino/harbour (on STORAGE only), and an operation on WORK, for whose
# short id 7f3a stands.
examples_studio() {
    local project n
    mkdir -p mnt/{WORK,STORAGE,NAS,ARCHIVE}
    for project in acme/spot-2031 acme/spot 'acme/spot one' 'acme/winter campaign' bauhaus/museum; do
        mkdir -p "mnt/WORK/project/$project" "mnt/WORK/footage/$project"/{'day 1',day_03}
        echo "scene of $project" >"mnt/WORK/project/$project/scene.blend"
        echo "first notes" >"mnt/WORK/project/$project/notes.txt"
        head -c 3000 /dev/urandom >"mnt/WORK/footage/$project/day one.mov"
        for n in 'day 1/clip 1' 'day 1/clip 2' day_03/A001 day_03/clip; do
            head -c 3000 /dev/urandom >"mnt/WORK/footage/$project/$n.mov"
        done
        echo "<clip/>" >"mnt/WORK/footage/$project/day_03/A001.xml"
    done
    mkdir -p mnt/WORK/scratch/{render,cache}/acme/{spot-2031,spot}/shot_010 mnt/STORAGE/footage/kino/harbour
    for n in 0001 0002 0003 0101; do
        echo "frame $n" | tee mnt/WORK/scratch/{render,cache}/acme/{spot-2031,spot}/shot_010/beauty.$n.exr >/dev/null
    done
    echo reel >mnt/STORAGE/footage/kino/harbour/reel.mov
    cp -a mnt/WORK/project mnt/WORK/footage mnt/STORAGE/
    cp -a mnt/WORK/. mnt/NAS/
    rm -r mnt/NAS/footage/bauhaus mnt/NAS/scratch/render/acme/spot-2031/shot_010/beauty.0003.exr
    find mnt -exec touch -h -d '3 days ago' {} +
    echo "second notes" >mnt/STORAGE/project/acme/spot-2031/notes.txt
    echo "second scene" >mnt/STORAGE/project/acme/spot-2031/scene.blend
    for n in WORK STORAGE NAS ARCHIVE; do ok add database $n "mnt/$n"; done
    ok add category project
    ok add category footage
    ok add category render scratch/render
    ok add category cache scratch/cache
    ok load
    ok copy acme/spot-2031 project STORAGE WORK
    ok copy acme/spot-2031 project WORK NAS
    OPERATION=$(basename mnt/WORK/.autobackup/versions/2*)
    OPERATION=${OPERATION##*-}
    cp -a "$HOME" home.template
    cp -a mnt mnt.template
}

# All as it was before an example.
renew() {
    rm -rf "$HOME" mnt .config
    cp -a home.template "$HOME"
    cp -a mnt.template mnt
}

# What is written for any studio, for this one.
here() {    # TEXT; a date is that of today, because nothing can be asked of a moment to come
    sed -E "s#/mnt/#$PWD/mnt/#g; s/\b7f3a\b/$OPERATION/g; s/\b20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}\b/$(date '+%F %H:%M')/g
        s/\b203[0-9]-[0-9]{2}-[0-9]{2}\b/$(date +%F)/g" <<<"$1"
}

# The blocks of a Markdown page that are indented by four blanks, a file each in FOLDER, named by the line that each
# begins in; fenced ones are left out: make readme runs those. A comment `<!-- no example: WHY -->` before a block
# says that there is nothing to type in it.
blocks() {    # PAGE FOLDER
    mkdir -p "$2"
    awk -v folder="$2" '
        /^```/ { fenced = !fenced; next }
        fenced { next }
        /^<!-- no example: / { none = 1; next }
        /^    / { if (file == "") file = none ? "/dev/null" : folder "/" FNR; print substr($0, 5) >file; held = ""; next }
        /^$/ { if (file != "") held = held "\n"; next }
        { if (file != "") none = 0; file = "" }
    ' "$1"
}

# The lines of crontabs in pages, as PAGE:LINE:TEXT.
CRON='^(--)? {4,5}([0-9*/,-]+ +){5}|^(--)? {4,5}@(daily|hourly|weekly|monthly|reboot) '
cron_lines() { grep -HnE "$CRON" "$@" | sed -E 's#^([^:]*:[0-9]*:)(--)? +#\1#'; }    # PAGE...

# What kind of block it is: by what its first line is, or the whole.
kind_of() {    # FILE
    local first
    first=$(head -n 1 "$1")
    case $first in
        '>>> '*) echo prompt ;;
        'make '* | 'sudo make '*) echo make ;;
        'autobackup '*) echo shell ;;
        '# /etc/systemd/'*) echo systemd ;;
        *)
            if grep -qE "$CRON" <<<"    $first"; then echo cron
            elif luac5.4 -p - <"$1" 2>/dev/null; then echo lua
            else echo unknown
            fi ;;
    esac
}
