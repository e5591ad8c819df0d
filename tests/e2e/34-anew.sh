# compare --read and --checksum look at both sides before they claim anything, and what was not read is not called the same.
# Oracles: the disks themselves, rm, mv, cp, chmod, umount.
. ./studio.sh

F=footage/acme/spot

# WORK and NAS with two files, copied, and known.
two() {
    mkdir -p "WORK/$F/day" NAS
    echo one >"WORK/$F/a"
    echo two >"WORK/$F/day/b"
    touch -d '2025-01-01 10:00' "WORK/$F/a" "WORK/$F/day/b"
    ok add category footage footage
    ok add database WORK WORK
    ok add database NAS NAS
    ok load
    ok copy acme/spot footage WORK NAS
}

# As an ordinary user; NAS/$F/a got another content since, and this user may not read it.
locked() {
    need_root
    two
    echo ONE >"NAS/$F/a"
    touch -r "WORK/$F/a" "NAS/$F/a"
    to_nobody . "$HOME"
    chmod a+rx . "$HOME"
    shut "NAS/$F/a"
}

# State, how many files are the same, and how many are to be read.
compared() {
    json 'o.type == "compare" and o.state .. " " .. o.files_same .. " " .. o.files_doubtful or nil'
}

codes() { json 'o.type == "problem" and o.code or nil' | sort | tr '\n' ' '; }

sees() {    # STATE: each of the two options sees what happened to NAS, without a load
    cp -a "$XDG_DATA_HOME" known
    local option
    for option in --checksum --read; do
        rm -r "$XDG_DATA_HOME"
        cp -a known "$XDG_DATA_HOME"
        ab compare acme/spot footage WORK NAS "$option" --json
        assert_status 4
        assert_eq "$(json 'o.type == "compare" and o.state or nil')" "$1" "with $option"
    done
}

test_a_file_that_went_since() { two; rm "NAS/$F/a"; sees differs; }
test_a_folder_that_went_since() { two; rm -r "NAS/$F/day"; sees differs; }
test_a_project_that_went_since() { two; rm -r "NAS/$F"; sees absent; }
test_a_client_that_was_renamed_since() { two; mv NAS/footage/acme NAS/footage/other; sees absent; }
test_a_file_that_another_was_copied_over_since() { two; cp /etc/passwd "NAS/$F/a"; sees differs; }

test_a_file_that_came_since() {
    two
    echo more >"WORK/$F/day/c"
    sees differs
}

test_a_project_that_came_since() {
    two
    rm -r "NAS/$F"
    ok load
    cp -a WORK/footage NAS/
    ok compare acme/spot footage WORK NAS --checksum
}

test_of_a_disk_that_is_not_there_nothing_is_proved() {
    need_root
    mkdir NAS
    mount_image NAS 16
    two
    umount NAS
    ab compare acme/spot footage WORK NAS --checksum
    assert_status 3
    assert_out "not known"
    assert_err "NAS is offline" "its files were not read" "plug it in"
    ab compare acme/spot footage NAS WORK --checksum --json
    assert_status 3
    assert_eq "$(codes)" "EDOUBT EOFFLINE "
    ab compare acme/spot footage WORK NAS --checksum --all --json
    assert_eq "$(compared)" "incomplete 0 2"
    assert_eq "$(json 'o.type == "difference" and o.kind == "file" and o.status .. tostring(o.proved) or nil' | sort -u)" "?nil"
    ok compare acme/spot footage WORK NAS --read    # the catalog knows enough
    mount -o loop NAS.img NAS
    ok compare acme/spot footage WORK NAS --checksum
}

test_what_is_to_be_read_on_a_disk_that_is_not_there_stays_so() {
    need_root
    mkdir NAS
    mount_image NAS 16
    two
    sleep 0.1
    chmod 600 "NAS/$F/a"    # moves its ctime
    ok load
    umount NAS
    ab compare acme/spot footage WORK NAS --read
    assert_status 3
    assert_err "only reading tells" "NAS is offline" "plug it in"
    refute_err "type: compare"
    mount -o loop NAS.img NAS
    ok compare acme/spot footage WORK NAS --read
}

test_a_category_whose_own_disk_is_not_there() {
    need_root
    mkdir -p NAS/footage
    mount_image NAS/footage 16
    two
    umount NAS/footage
    ab compare acme/spot footage WORK NAS --checksum
    assert_status 3
    assert_out "not known"
    assert_err "plug it in, and compare again"
    mount -o loop NAS/footage.img NAS/footage
    ok compare acme/spot footage WORK NAS --checksum
}

test_a_file_that_may_not_be_read() {
    locked
    local option
    for option in --checksum --read; do
        run as_nobody compare acme/spot footage WORK NAS "$option"
        assert_status 3
        assert_out "not known"
        assert_err "NAS/$F/a: Permission denied"
        refute_err "type: compare"
        run as_nobody compare acme/spot footage WORK NAS "$option" --json
        assert_status 3
        assert_eq "$(compared)" "incomplete 1 1"
        assert_eq "$(codes)" "EACCES EDOUBT "
    done
    run as_nobody fetch acme/spot --json
    assert_eq "$(json 'o.database and o.compared or nil' | sort -u)" unknown
    run as_nobody copy acme/spot footage WORK NAS
    assert_status 3
    assert_err "NAS/$F/a: Permission denied"
    grep -q ONE "NAS/$F/a" || fail "it was not left alone"
}

# The catalog has its digest, and nothing of it moved since: --checksum trusts that no more than it trusts times.
test_checksum_does_not_take_the_catalogs_word_for_what_it_may_not_read() {
    need_root
    two
    shut "NAS/$F/a"
    ok load
    ok compare acme/spot footage WORK NAS --read    # by root, who may
    to_nobody "$HOME" WORK NAS/footage/acme/spot/day
    chmod a+rx . "$HOME"
    run as_nobody compare acme/spot footage WORK NAS --read
    assert_status 0    # nothing had to be read
    run as_nobody compare acme/spot footage WORK NAS --checksum
    assert_status 3
    assert_err "NAS/$F/a: Permission denied"
    run as_nobody compare acme/spot footage WORK NAS --checksum --all --json
    assert_status 3
    assert_eq "$(compared)" "incomplete 1 1"
    assert_eq "$(json 'o.inside == "a" and o.status or nil')" "?"
    assert_eq "$(json 'o.inside == "day/b" and o.status or nil')" "="
    run as_nobody compare acme/spot footage WORK NAS --checksum --json
    assert_eq "$(json 'o.type == "difference" and o.status .. o.inside or nil')" "?a"
    run as_nobody copy acme/spot footage WORK NAS --checksum --dry-run
    assert_status 3
    assert_err "NAS/$F/a: Permission denied"
    refute_out "nothing to do"
    run as_nobody copy acme/spot footage WORK NAS --checksum --dry-run --json
    assert_eq "$(json 'o.type == "copy" and o.state or nil')" partial
    rm "WORK/$F/day/b"    # what differs is said before what is not known
    run as_nobody compare acme/spot footage WORK NAS --checksum
    assert_status 4
    assert_err "NAS/$F/a: Permission denied"
}

# Only where it had to be read does it matter that it could not.
test_what_size_tells_apart_needs_no_reading() {
    need_root
    two
    shut "NAS/$F/a"
    echo longer than before >"WORK/$F/a"
    to_nobody "$HOME" WORK
    chmod a+rx . "$HOME"
    run as_nobody compare acme/spot footage WORK NAS --checksum
    assert_status 4
    refute_err "Permission denied"
}
