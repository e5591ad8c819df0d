# A category on a mount of its own below a database's root. Oracles: mount, diff, find, sqlite3.
. ./studio.sh

# WORK has footage and render; on NAS footage (or what PARENT says, with the category below it) is in NAS-footage.img.
apart() {    # FOOTAGE'S PATH [THE MOUNT POINT]
    mkdir -p "WORK/$1/acme/"{spot,film} WORK/render/acme/spot NAS
    echo one >"WORK/$1/acme/spot/f"
    echo two >"WORK/$1/acme/film/f"
    echo frame >WORK/render/acme/spot/r
    mkdir -p "NAS/${2:-$1}"
    mount_image "NAS/${2:-$1}" 16
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage "$1"
    ok add category render render
    ok load
    ok copy acme/spot footage WORK NAS
    ok copy acme/film footage WORK NAS
    ok copy acme/spot render WORK NAS
}

# The state of a cell, as --json has it.
cell() {    # PROJECT CATEGORY DATABASE FIELD
    "$AUTOBACKUP" fetch "$1" --json | python3 -c '
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    if row["type"] == "replica" and [row[k] for k in ("project", "category", "database")] == sys.argv[1:4]:
        print(json.dumps(row.get(sys.argv[4])))' "$@"
}

# What 'list databases --json' said of the disks that categories have of their own.
apart_of() {    # DATABASE
    python3 -c '
import json, sys
for row in map(json.loads, open(sys.argv[1])):
    for disk in row.get("apart") or [] if row.get("database") == sys.argv[2] else []:
        print(disk["category"], disk["path"], disk["online"], disk.get("bytes_total"))' "$OUT" "$1"
}

known() { query "SELECT COUNT(*) FROM replica r JOIN database d ON d.id = r.database WHERE d.name = 'NAS'"; }

test_what_lay_beside_a_category_on_a_mount_that_is_gone_is_kept() {
    apart scratch/shot/footage scratch
    mkdir -p NAS/scratch/other/film
    echo o >NAS/scratch/other/film/f
    ok load NAS
    assert_eq "$(query "SELECT path FROM outside WHERE CAST(path AS TEXT) LIKE 'scratch/%'")" scratch/other
    umount NAS/scratch
    ab load NAS
    assert_status 3
    assert_eq "$(query "SELECT path FROM outside WHERE CAST(path AS TEXT) LIKE 'scratch/%'")" scratch/other
    mount -o loop NAS/scratch.img NAS/scratch
    rm -r NAS/scratch/other
    ok load NAS
    assert_eq "$(query "SELECT path FROM outside WHERE CAST(path AS TEXT) LIKE 'scratch/%'")" ''
}

test_a_load_keeps_what_was_on_a_mount_that_is_gone() {
    apart footage
    umount NAS/footage
    assert_eq "$(known)" 3
    ab load NAS
    assert_status 3
    assert_err "footage of NAS is on a disk of its own" "not mounted at $PWD/NAS/footage"
    assert_eq "$(known)" 3
    ab fetch acme/spot
    assert_status 3    # what was not read may be more
    assert_out "footage of NAS offline, read"
    assert_eq "$(cell acme/spot footage NAS state)" '"present"'
    assert_eq "$(cell acme/spot footage NAS online)" false
    assert_eq "$(cell acme/spot render NAS online)" true
    echo new >WORK/render/acme/spot/r2
    ok copy acme/spot render WORK NAS
    mount -o loop NAS/footage.img NAS/footage
    assert_eq "$(cell acme/spot footage NAS online)" true
    assert_eq "$(cell acme/spot footage NAS compared)" '"same"'
    ok load NAS
    assert_eq "$(known)" 3
}

# Whether find and compare take the disk for there, and explore.
is_there() {    # true or false
    ok find f --project acme/spot --category footage --database NAS --json
    grep -q "\"online\":$1" "$OUT" || fail "find: not $1"
    ab compare acme/spot footage WORK NAS --json
    grep -q "\"type\":\"compare\".*\"online\":$1\|\"online\":$1.*\"type\":\"compare\"" "$OUT" || fail "compare: not $1"
    ab compare acme/spot render WORK NAS --json
    grep -q '"type":"compare".*"online":true\|"online":true.*"type":"compare"' "$OUT" || fail "compare: render is there"
}

test_all_that_look_say_that_its_disk_is_gone() {
    apart footage
    is_there true
    umount NAS/footage
    is_there false
    ab compare acme/spot footage WORK NAS
    assert_status 0
    assert_out "NAS offline"
    ab explore acme/spot footage NAS
    assert_status 75
    assert_err "footage of NAS is on a disk of its own"
    AUTOBACKUP_EXPLORER=true ok explore acme/spot render NAS
    ab accept acme/spot footage NAS --yes
    assert_status 75
    assert_err "footage of NAS is on a disk of its own"
    assert_eq "$(known)" 3
}

# A filesystem that shows the folder given at NAS/footage, as a program of an ordinary user's would: it names no disk. Its process: $SERVER.
mount_nameless() {    # FOLDER
    need_root
    [ -c /dev/fuse ] || skip "no FUSE here"
    mkdir -p "$1"
    "$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/filesystems/timeless" "$1" NAS/footage &
    SERVER=$!
    unmount_at_end NAS/footage
    until mountpoint -q NAS/footage; do
        [ -d "/proc/$SERVER" ] || skip "no FUSE here"
        sleep 0.05
    done
}

# A server that is gone: whoever touches its mount hangs.
test_a_mount_that_does_not_answer_is_offline() {
    need_root
    mkdir -p WORK/footage/acme/spot NAS/{footage,render}
    echo one >WORK/footage/acme/spot/f
    mount_nameless behind
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ok copy acme/spot footage WORK NAS
    assert_eq "$(query "SELECT COUNT(*) FROM apart")" 1
    kill -STOP "$SERVER"
    run timeout 20 "$AUTOBACKUP" fetch acme/spot
    kill -CONT "$SERVER"
    assert_status 0
    assert_out "NAS offline"
    kill -STOP "$SERVER"
    run timeout 20 "$AUTOBACKUP" explore acme/spot footage NAS
    kill -CONT "$SERVER"
    assert_status 75
    assert_err "$PWD/NAS/footage does not answer"
    ok fetch acme/spot
}

test_nothing_is_written_into_an_empty_mount_point() {
    local operation
    apart footage
    operation=$(query "SELECT id FROM operation WHERE category = 'footage' AND CAST(project AS TEXT) = 'acme/film'")
    umount NAS/footage
    echo more >WORK/footage/acme/spot/g
    echo more >WORK/render/acme/spot/g
    ab copy acme/spot footage WORK NAS
    assert_status 75
    assert_err "footage of NAS is on a disk of its own"
    assert_eq "$(find NAS/footage -mindepth 1)" ""
    ab copy acme/spot all WORK NAS
    assert_status 75
    cmp WORK/render/acme/spot/g NAS/render/acme/spot/g
    assert_eq "$(find NAS/footage -mindepth 1)" ""
    ab copy acme/spot footage WORK NAS --mirror --yes
    assert_status 75
    ab copy acme/spot footage NAS WORK
    assert_status 75
    ab move acme/spot footage WORK NAS
    assert_status 75
    ab verify acme/spot footage NAS
    assert_status 75
    ab restore acme/spot footage --from NAS --to NAS --as-of 2031-01-01
    [ "$STATUS" != 0 ] || fail "restored from a disk that is not there"
    ab undo "$operation" --yes
    assert_status 75
    assert_eq "$(find NAS/footage -mindepth 1)" ""
    mount -o loop NAS/footage.img NAS/footage
    ok copy acme/spot footage WORK NAS
    diff -r WORK/footage/acme/spot NAS/footage/acme/spot
}

test_another_disk_in_its_place_is_refused() {
    apart footage
    umount NAS/footage
    truncate -s 16M other.img
    mkfs.ext4 -q -F other.img
    mount -o loop other.img NAS/footage
    ab load NAS
    assert_status 3
    assert_err "is on another disk"
    assert_eq "$(known)" 3
    ab copy acme/spot footage WORK NAS
    assert_status 75
    assert_eq "$(find NAS/footage -mindepth 1 ! -name lost+found)" ""
    ab load --moved footage
    assert_status 2
    ok load NAS --moved footage
    assert_eq "$(known)" 1
    ok copy acme/spot footage WORK NAS
    umount NAS/footage
    mount -o loop NAS/footage.img NAS/footage
    ab load NAS
    assert_status 3
}

# Every command that would read or write the category's replicas says what load says. WHY: what it says
all_refuse() {
    local before
    before=$(query "SELECT id FROM operation WHERE category = 'footage' AND CAST(project AS TEXT) = 'acme/spot'")
    find NAS/footage -mindepth 1 | sort >there
    ab load NAS
    assert_status 3
    assert_err "$1" "load NAS --moved footage"
    ab copy acme/spot footage WORK NAS
    assert_status 75
    assert_err "$1"
    ab copy acme/spot footage NAS WORK --mirror --yes
    assert_status 75
    assert_err "$1"
    ab restore acme/spot footage --from WORK --to NAS
    assert_status 75
    assert_err "$1"
    ab verify acme/spot footage NAS
    assert_status 75
    assert_err "$1"
    ab undo "$before" --yes
    assert_status 75
    assert_err "$1"
    ab explore acme/spot footage NAS
    assert_status 75
    assert_err "$1"
    ab fetch acme/spot --json
    assert_eq "$(json 'o.database == "NAS" and o.category == "footage" and o.online' | sort -u | tr -d '\n')" false
    find NAS/footage -mindepth 1 | sort | diff there -
    assert_eq "$(known)" 3
}

# One in memory is certainly not the disk that is known by its UUID, not even when it has the folders of half of the projects.
test_a_filesystem_in_memory_is_another_disk() {
    apart footage
    umount NAS/footage
    mount_tmpfs NAS/footage 8
    all_refuse "is on another disk (tmpfs, /)"
    mkdir -p NAS/footage/acme/{spot,film}
    echo other | tee NAS/footage/acme/{spot,film}/f >NAS/footage/acme/spot/more
    cp -a WORK before
    all_refuse "is on another disk (tmpfs, /)"
    diff -r before WORK
    umount NAS/footage
    mount -o loop NAS/footage.img NAS/footage
    ok load NAS
    assert_eq "$(cell acme/spot footage NAS compared)" '"same"'
    umount NAS/footage
    mount_tmpfs NAS/footage 8
    ok load NAS --moved footage
    assert_eq "$(known)" 1
    ok copy acme/spot footage WORK NAS
    umount NAS/footage
    mount -o loop NAS/footage.img NAS/footage    # it has all of what was in memory
    ab load NAS
    assert_status 3
    assert_err "is on another disk (uuid:"
    ab copy acme/spot footage WORK NAS
    assert_status 75
}

test_what_has_no_name_is_not_the_disk_that_has_one() {
    apart footage
    umount NAS/footage
    mount_nameless behind
    all_refuse "is on a disk of its own (fuse.timeless), and nothing tells whether"
    ab load NAS
    assert_err "was seen on (uuid:"
    mkdir -p behind/acme/{spot,film}
    echo other | tee behind/acme/{spot,film}/f >behind/acme/spot/more
    all_refuse "nothing tells whether"
    umount NAS/footage
    mount -o loop NAS/footage.img NAS/footage
    ok load NAS
    ok copy acme/spot footage WORK NAS
    ok undo --yes
}

# What was seen on a filesystem without a name is known by what it holds.
nameless_goes_on() {    # MOUNT'S COMMAND...
    mkdir -p WORK/footage/acme/{spot,film,ad} NAS/footage
    echo 1 | tee WORK/footage/acme/{spot,film,ad}/f >/dev/null
    "$@"
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ok copy acme/spot footage WORK NAS
    ok copy acme/film footage WORK NAS
    ok verify acme/spot footage NAS
    echo 2 >WORK/footage/acme/spot/g
    ok copy acme/spot footage WORK NAS
    ok undo --yes
    ok load NAS
    query "UPDATE apart SET volume = ''"    # as of an older version
    ok copy acme/ad footage WORK NAS
    ok load NAS
    assert_eq "$(known)" 3
    cp -a NAS/footage/acme .
    umount NAS/footage
    "$@.again"
    all_of_them() {
        ab load NAS
        assert_status 3
        assert_err "nothing tells whether"
        ab copy acme/spot footage WORK NAS
        assert_status 75
        assert_err "nothing tells whether"
        ab undo --yes
        assert_status 75
        assert_eq "$(known)" 3
    }
    all_of_them
    mkdir NAS/footage/acme
    cp -a acme/spot NAS/footage/acme
    all_of_them
    cp -a acme/film NAS/footage/acme
    ok copy acme/spot footage WORK NAS
    ok load NAS
    assert_eq "$(known)" 2
}

in_memory() { mount_tmpfs NAS/footage 8; }
in_memory.again() { in_memory; }
by_program() { mount_nameless behind; }
by_program.again() { mount_nameless behind.2; }

test_what_is_known_in_memory_goes_on() { nameless_goes_on in_memory; }
test_what_is_known_by_a_program_without_a_name_goes_on() { nameless_goes_on by_program; }

test_one_nameless_filesystem_for_another_of_its_kind() {
    nameless_goes_on by_program
    umount NAS/footage
    mount_tmpfs NAS/footage 8
    cp -a acme NAS/footage/
    ab load NAS
    assert_status 3
    assert_err "is on another disk (tmpfs, /)" "is on (fuse.timeless, /)"
    ab copy acme/spot footage WORK NAS
    assert_status 75
}

test_a_mount_above_the_category() {
    apart scratch/shot/footage scratch
    diff -r WORK/scratch/shot/footage NAS/scratch/shot/footage
    umount NAS/scratch
    ab load NAS
    assert_status 3
    assert_eq "$(known)" 3
    ab copy acme/spot footage WORK NAS
    assert_status 75
    assert_eq "$(find NAS/scratch -mindepth 1)" ""
}

test_what_was_never_known_to_be_apart() {
    apart footage
    query "DELETE FROM apart"    # as of an older version
    ab copy acme/spot footage WORK NAS
    assert_status 75
    assert_err "nothing tells whether"
    ok load NAS
    assert_eq "$(query "SELECT COUNT(*) FROM apart")" 1
    ok copy acme/spot footage WORK NAS
    umount NAS/footage
    ok load NAS --moved footage
    assert_eq "$(known)" 1
    assert_eq "$(query "SELECT COUNT(*) FROM apart")" 0
    mkdir -p NAS/footage/acme/spot && echo x >NAS/footage/acme/spot/x
    ok load NAS
    mount -o loop NAS/footage.img NAS/footage
    rm -r NAS/footage/acme
    ab load NAS    # a disk that is mounted over the folders that are known
    assert_status 3
    assert_err "nothing tells whether"
    assert_eq "$(known)" 2
}

test_fstab_names_a_mount_before_the_first_copy() {
    mkdir -p WORK/footage/acme/spot NAS/footage NAS/render
    echo one >WORK/footage/acme/spot/f
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    echo "UUID=1 $PWD/NAS/footage ext4 defaults 0 2" >fstab
    use_fstab fstab
    ab load
    assert_status 3
    assert_err "UUID=1 belongs at $PWD/NAS/footage (/etc/fstab)"
    ab copy acme/spot footage WORK NAS
    assert_status 75
    assert_eq "$(find NAS/footage -mindepth 1)" ""
    unset LIBMOUNT_FSTAB
    ok copy acme/spot footage WORK NAS
}

test_room_is_that_of_the_categorys_own_disk() {
    apart footage
    head -c 10000000 /dev/urandom >WORK/footage/acme/spot/large
    head -c 10000000 /dev/urandom >WORK/footage/acme/spot/large.2
    head -c 20000000 /dev/urandom >WORK/render/acme/spot/large
    ab copy acme/spot all WORK NAS
    assert_status 3
    assert_err "large.2: no room for it on NAS beside the smaller files: 10 MB needed, 1"
    assert_exists NAS/footage/acme/spot/large NAS/render/acme/spot/large
    refute_exists NAS/footage/acme/spot/large.2
    ok list databases
    assert_err "footage of NAS is on a disk of its own: "
    grep -q "own: [0-9.]* MB free of 1[0-9.]* MB" "$ERR" || fail "not its own room"
    ok list databases --json
    assert_eq "$(apart_of NAS)" "footage $PWD/NAS/footage True $(stat -fc '%b %S' NAS/footage | awk '{print $1 * $2}')"
    umount NAS/footage
    ok list databases --json
    assert_eq "$(apart_of NAS)" "footage $PWD/NAS/footage False None"
    assert_eq "$(apart_of WORK)" ""
    cmp WORK/render/acme/spot/large NAS/render/acme/spot/large
}

# What a locked disk of a category's own keeps is not measured, which the list of databases says as of any other.
test_a_locked_disk_of_a_category_is_not_measured() {
    apart footage
    mkdir -p LOCKED/footage
    umount NAS/footage
    mount -o loop,ro NAS/footage.img LOCKED/footage
    ok add database LOCKED LOCKED
    ok load LOCKED
    ok list databases
    grep -q "footage of LOCKED is on a disk of its own: .*; times: not measured" "$ERR" || fail "not said: $(cat "$ERR")"
    ok list databases --json
    assert_eq "$(python3 -c '
import json, sys
for row in map(json.loads, open(sys.argv[1])):
    for disk in row.get("apart") or []:
        print(row["database"], "measured_at" in disk)' "$OUT" | sort)" "$(printf 'LOCKED False\nNAS True')"
    umount LOCKED/footage
}

test_old_versions_survive_and_undo_brings_them_back() {
    apart footage
    cp -a NAS/footage/acme/spot before
    echo changed >WORK/footage/acme/spot/f
    touch -d 2001-01-01 NAS/footage/acme/spot/f before/f
    echo extra >NAS/footage/acme/spot/extra
    cp -a NAS/footage/acme/spot/extra before/
    ok copy acme/spot footage WORK NAS --mirror --yes
    diff -r WORK/footage/acme/spot NAS/footage/acme/spot
    assert_eq "$(find NAS/.autobackup/versions -type f | wc -l)" 2
    cmp before/extra "$(find NAS/.autobackup/versions -name extra)"
    ok undo
    diff -r before NAS/footage/acme/spot
    assert_eq "$(stat -c %Y before/f)" "$(stat -c %Y NAS/footage/acme/spot/f)"
}

test_its_traits_are_its_own() {
    apart footage
    umount NAS/footage
    mkfs.ext4 -q -F -I 128 NAS/footage.img 2>/dev/null    # whole seconds
    mount -o loop NAS/footage.img NAS/footage
    ok load NAS --moved footage
    touch -d '2024-05-06 07:08:09.123456789' WORK/footage/acme/spot/f
    ok copy acme/spot all WORK NAS
    assert_eq "$(query "SELECT k.granularity FROM kept_times k JOIN category c ON c.id = k.category
        JOIN database d ON d.id = k.database WHERE d.name = 'NAS' AND c.name = 'footage'")" 1000000000
    assert_eq "$(query "SELECT k.granularity FROM kept_times k JOIN category c ON c.id = k.category
        JOIN database d ON d.id = k.database WHERE d.name = 'NAS' AND c.name = 'render'")" 1
    assert_eq "$(find NAS -path NAS/.autobackup -prune -o -name '.autobackup*' -print)" ""
    ok copy acme/spot all WORK NAS --json
    assert_eq "$(grep -c '"metadata_only":0' "$OUT")" 2
    assert_eq "$(grep -c '"files_copied":0' "$OUT")" 2
    assert_eq "$(cell acme/spot footage NAS compared)" '"similar"'
    assert_eq "$(cell acme/spot render NAS compared)" '"same"'
    touch -d "@$(stat -c %Y WORK/render/acme/spot/r).000000007" WORK/render/acme/spot/r    # what the root keeps counts for the rest of it
    ok load WORK
    assert_eq "$(cell acme/spot render NAS compared)" '"differs"'
    ok load NAS
    assert_eq "$(query "SELECT COUNT(*) FROM traits t JOIN database d ON d.id = t.database WHERE d.name = 'NAS'")" 2
}

test_two_databases_on_one_disk_by_way_of_a_category() {
    apart footage
    mkdir -p B/footage NAS/footage/b
    ok add database B B
    mount --bind NAS/footage/b B/footage
    unmount_at_end B/footage
    ok copy acme/spot footage NAS B
    assert_err "NAS and B are on the same filesystem"
    umount B/footage
    ab copy acme/film footage NAS B
    assert_status 75
    mkdir NAS/footage/c
    mount --bind NAS/footage/c B/footage    # another folder of the right disk
    ab copy acme/film footage NAS B
    assert_status 75
    assert_err "is on another disk"
    assert_eq "$(find NAS/footage/c -mindepth 1)" ""
}

# A disk at a client's or a project's folder is known nowhere: once it is gone, its mount point passes for an emptied project.
not_entered() {    # PATH: of the mount, in NAS
    assert_status 1
    assert_err "$PWD/NAS/$1 is a mount point and was not entered" "add it as a database"
}

mount_within() {    # PATH: a mount below NAS's category footage; WORK has acme/spot
    folders
    mkdir -p "NAS/$1"
    cp -a WORK before
    mount_image "NAS/$1" 16
    mkdir -p NAS/footage/acme/spot
    ab load
    assert_status 3
    assert_err "$1 is a mount point and was not entered" "add it as a database"
}

folders() {    # as of now: WORK with acme/spot in footage, NAS with nothing
    mkdir -p WORK/footage/acme/spot NAS/footage
    echo one >WORK/footage/acme/spot/f
    echo two >WORK/footage/acme/spot/g
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
}

no_copy_enters() {    # PATH
    mount_within "$1"
    ab copy acme/spot footage WORK NAS
    not_entered "$1"
    ab copy acme/spot footage WORK NAS --dry-run
    not_entered "$1"
    assert_eq "$(find NAS/footage -type f ! -name '*.img')" ""
    ab load NAS
    assert_status 3
    assert_eq "$(known)" 0
    umount "NAS/$1"
    ok load
    assert_eq "$(find NAS/footage -type f ! -name '*.img')" ""
    diff -r before/footage WORK/footage
}

test_no_copy_enters_a_mount_at_a_projects_folder() { no_copy_enters footage/acme/spot; }
test_no_copy_enters_a_mount_at_a_clients_folder() { no_copy_enters footage/acme; }

nothing_enters() {    # PATH: a mount over a replica that is known
    folders
    ok load
    ok copy acme/spot footage WORK NAS
    rm WORK/footage/acme/spot/g
    ok copy acme/spot footage WORK NAS --mirror --yes
    cp -a WORK before
    cp -a NAS before-nas
    mount_image "NAS/$1" 16
    mkdir -p NAS/footage/acme/spot
    echo other >NAS/footage/acme/spot/other
    ab copy acme/spot footage NAS WORK --mirror --yes
    not_entered "$1"
    ab copy acme/spot footage WORK NAS --mirror --yes
    not_entered "$1"
    ab verify acme/spot footage NAS
    not_entered "$1"
    ab restore acme/spot footage g --from NAS --to WORK --as-of "$(ls NAS/.autobackup/versions)"
    not_entered "$1"
    ab undo --yes
    not_entered "$1"
    assert_eq "$(find NAS/footage -type f ! -name '*.img')" NAS/footage/acme/spot/other
    diff -r before/footage WORK/footage
    assert_eq "$(cell acme/spot footage NAS compared)" '"same"'
    ab load NAS
    assert_status 3
    assert_eq "$(cell acme/spot footage NAS compared)" '"unknown"'
    ab compare acme/spot footage WORK NAS
    assert_status 3
    umount "NAS/$1"
    ok load NAS
    assert_eq "$(cell acme/spot footage NAS compared)" '"same"'
    ok undo --yes
    assert_eq "$(cat NAS/footage/acme/spot/g)" two
}

test_nothing_enters_a_mount_over_a_project() { nothing_enters footage/acme/spot; }
test_nothing_enters_a_mount_over_a_client() { nothing_enters footage/acme; }

test_a_subvolume_is_no_mount() {
    need btrfs
    mount_image NAS 160 btrfs
    mkdir -p NAS/footage/acme
    btrfs subvolume create NAS/footage/acme/spot >/dev/null
    folders
    ok load
    ok copy acme/spot footage WORK NAS
    diff -r WORK/footage NAS/footage
    ok verify acme/spot footage NAS
}

# What was verified is what lay on the disk that is gone: of another one in its place nothing is known, though it numbers and
# dates its files alike.
test_of_another_disk_in_its_place_nothing_is_verified() {
    need_root mounts
    need tune2fs
    mkdir -p {WORK,NAS}/footage WORK/footage/acme/spot
    echo the-content-of-one >WORK/footage/acme/spot/x
    truncate -s 8M good.img
    mkfs.ext4 -q -F -O ^metadata_csum good.img
    mount -o loop good.img NAS/footage 2>/dev/null || skip "cannot mount a loop image here"
    unmount_at_end NAS/footage
    cp -a WORK/footage/acme NAS/footage
    sync -f NAS/footage
    umount NAS/footage
    cp good.img other.img
    tune2fs -f -U random other.img >/dev/null 2>&1 || skip "tune2fs does not give it another UUID"
    LC_ALL=C sed -i 's/the-content-of-one/another-one-in-all/' other.img
    mount -o loop good.img NAS/footage
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ok verify acme/spot
    umount NAS/footage
    mount -o loop other.img NAS/footage
    ok load NAS --moved footage --yes
    ab verify acme/spot
    assert_status 11
    assert_err "though size and time are the same"
    ok fetch acme/spot --json
    assert_eq "$(json 'o.compared' | sort -u)" differs
    umount NAS/footage
    mount -o loop good.img NAS/footage
    ok load NAS --moved footage --yes
    ok verify acme/spot
    ok fetch acme/spot --json
    assert_eq "$(json 'o.damaged == 0 and o.compared' | sort -u)" same
}
