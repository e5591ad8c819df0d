# The members of a group, who share a NAS. Sourced by the tests.

# share [MODE]: the members 2001 and 2002 of the group 3000, each with a catalog; WORK and NAS are the group's.
share() {
    need_root "two users"
    need setpriv
    mkdir -p WORK/footage/acme/spot NAS one two
    chmod 711 .
    echo 1 >WORK/footage/acme/spot/a
    echo 1 >WORK/footage/acme/spot/b
    chown -R 2001:3000 WORK NAS one
    chown -R 2002:3000 two
    find WORK -type d -exec chmod 2775 {} +
    find WORK -type f -exec chmod 664 {} + -exec touch -d 2025-01-01 {} +
    chmod "${1:-2775}" NAS
    local m
    for m in one two; do
        "$m" add database WORK WORK && assert_status 0
        "$m" add database NAS NAS && assert_status 0
        "$m" add category footage footage && assert_status 0
        "$m" load && assert_status 0
    done
}

# member USER HOME WORDS...: COMMAND as that member, with umask 002
member() {
    local user=$1 home=$2
    shift 2
    (umask 002 && HOME=$PWD/$home XDG_CONFIG_HOME=$PWD/$home XDG_DATA_HOME=$PWD/$home XDG_STATE_HOME=$PWD/$home \
        setpriv --reuid "$user" --regid 3000 --clear-groups --inh-caps=-all --bounding-set=-all "$@")
}

one() { run member 2001 one "$AUTOBACKUP" --catalog "$PWD/one/c.db" "$@"; }
two() { run member 2002 two "$AUTOBACKUP" --catalog "$PWD/two/c.db" "$@"; }
