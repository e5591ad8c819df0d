# make install, run from there, make uninstall: nothing may stay behind.

repo=$(cd .. && cd .. && pwd)

to() {    # DESTDIR PREFIX TARGET: uses what is built, whatever the profile and the compiler; nothing is built anew
    local built b
    built=$(dirname "$(realpath "$AUTOBACKUP")")
    b=${built#"$repo/"}
    run make -s -C "$repo" -o "$b/autobackup" -o build/autobackup PROFILE="${built##*/}" B="$b" DESTDIR="$1" \
        PREFIX="$2" "$3"
    assert_status 0
}

test_install_and_uninstall() {
    to "$PWD/root" /opt/ab install
    assert_exists root/opt/ab/bin/autobackup root/opt/ab/share/autobackup/config.lua.example \
        root/opt/ab/share/autobackup/scripts/nightly.lua root/opt/ab/share/doc/autobackup/{README.md,LICENSE}
    refute_exists root/opt/ab/share/autobackup/scripts/dev
    run root/opt/ab/bin/autobackup --version
    assert_status 0
    assert_out autobackup
    run env -i root/opt/ab/bin/autobackup --no-config --catalog "$PWD/catalog.db" -e 'print(1 + 1)'
    assert_status 0
    assert_out_is 2
    to "$PWD/root" /opt/ab uninstall
    assert_eq "$(find root/opt/ab -mindepth 1)" "" "what is left"
}

test_uninstall_keeps_what_is_not_ours() {
    to "$PWD/root" /usr/local install
    echo mine >root/usr/local/share/autobackup/scripts/mine.lua
    touch root/usr/local/bin/other
    to "$PWD/root" /usr/local uninstall
    assert_eq "$(cd root/usr/local && find . -type f | sort | tr '\n' ' ')" \
        "./bin/other ./share/autobackup/scripts/mine.lua " "what is left"
}

test_a_folder_with_a_space() {
    to "$PWD/my root" "/opt/a b" install
    assert_exists "my root/opt/a b/bin/autobackup"
    to "$PWD/my root" "/opt/a b" uninstall
    assert_eq "$(find "my root/opt/a b" -mindepth 1)" "" "what is left"
}
