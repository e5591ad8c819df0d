# A small studio for the tests: three databases with differences, as in the README. Sourced by the tests.

# studio: WORK, STORAGE and NAS below $PWD with four categories, set up and loaded.
studio() {
    folders
    ok add database WORK WORK
    ok add database STORAGE STORAGE
    ok add database NAS NAS
    ok add category project project
    ok add category footage footage
    ok add category render scratch/render
    ok add category cache scratch/cache
    ok load
}

# The databases WORK and NAS below $PWD, whose folders are there, with the category footage, loaded.
work_and_nas() {
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    ok load
}

# Only the folders: acme/spot (everywhere, NAS changed), "bmx/show two" (WORK only), dune/part one (STORAGE, NAS).
folders() {
    local n
    mkdir -p WORK/{project,footage,scratch/{render,cache}} STORAGE NAS
    mkdir -p "WORK/footage/acme/spot/day 1" "WORK/project/acme/spot" "WORK/footage/bmx/show two"
    for n in 1 2 3; do head -c $((n * 10000)) /dev/urandom >"WORK/footage/acme/spot/day 1/clip $n.mov"; done
    echo "scene 1" >WORK/project/acme/spot/scene.txt
    mkdir -p WORK/scratch/render/acme/spot
    for n in $(seq 10); do printf 'frame %04d' "$n" >"WORK/scratch/render/acme/spot/beauty.$(printf %04d "$n").exr"; done
    head -c 5000 /dev/urandom >"WORK/footage/bmx/show two/raw.mov"
    mkdir -p STORAGE/footage NAS/footage "STORAGE/footage/dune/part one"
    cp -a WORK/footage/acme STORAGE/footage/
    cp -a WORK/footage/acme NAS/footage/
    echo more >>"NAS/footage/acme/spot/day 1/clip 1.mov"
    touch -d '2001-01-01' "NAS/footage/acme/spot/day 1/clip 1.mov"
    echo dune >"STORAGE/footage/dune/part one/a"
    cp -a STORAGE/footage/dune NAS/footage/
}

# acme's footage on all three databases is that of WORK, at one time; nothing is loaded.
equal_footage() {
    rm -rf STORAGE/footage/acme NAS/footage/acme && cp -a WORK/footage/acme NAS/footage/
    cp -a WORK/footage/acme STORAGE/footage/
    find ./*/footage/acme -exec touch -h -d '2024-05-06 07:08:09' {} +
}
