"""planted.py REPOSITORY FOLDER [OPTION of truth.py...]: the proof that truth.py can fail. Faults are put into a copy of the program one
at a time, and the seeds are run until one finds it. Seeds in which the program without a fault has a mismatch prove nothing and
are left out. Exit status 1 when a fault was not found, or cannot be put in any more because the code that it changes is another.
"""
import os
import re
import shutil
import subprocess
import sys
import time

import truth

# (what, file, text, what stands there instead)
FAULTS = [
    ("fetch asks compare of no replicas whose counts, bytes and newest times agree", "lua/sameness.lua",
     "and a.fingerprint == b.fingerprint and (a.open", "and a.newest == b.newest and (a.open"),
    ("a digest stays confirmed though the ctime moved", "src/index/listing.c",
     "bool moved = near || has_moved(&old->entry, &now->entry, signs);",
     "bool moved = near || (signs < 0 && has_moved(&old->entry, &now->entry, signs));"),
    ("times within a second agree", "src/index/traits.c", "granularity > 1 ? granularity : 1)",
     "granularity > 1 ? granularity : 1000000000)"),
    ("a copy that only makes folders is not known to the catalog", "lua/transfer.lua", "row.directories_made + row.directories_removed",
     "0"),
    ("links count as files", "src/index/listing.c", "    if (!S_ISREG(e->mode))\n        return;\n    if (!t->files++",
     "    if (!S_ISREG(e->mode) && !S_ISLNK(e->mode))\n        return;\n    if (!t->files++"),
    ("a mirror leaves symbolic links", "src/copy/feed.c", "feed_tell_extra(f->w, name) || S_ISDIR(name->pair->right->mode))",
     "feed_tell_extra(f->w, name) || !S_ISREG(name->pair->right->mode))"),
    ("a copied file's time loses its fraction", "src/copy/metadata.c",
     "const struct timespec times[2] = {traits_clamp(t, st->st_atim), traits_clamp(t, st->st_mtim)};",
     "const struct timespec times[2] = {traits_clamp(t, st->st_atim), {.tv_sec = st->st_mtim.tv_sec}};"),
    ("another disk in its place is taken for the one that is known", "src/index/identity.c",
     "identity_compare(id, found.text) == IDENTITIES_SAME ||", "id ||"),
    ("what is kept of a removed file is removed too", "src/copy/versions.c",
     "return to < 0 ? to : place_new(dir, from, to, name);",
     "return to < 0 ? to : unlinkat(dir, from, 0) < 0 ? -errno : 0;"),
    ("one replica is enough for a category without a policy", "lua/policy.lua", "M.default = {replicas = 2}", "M.default = {replicas = 1}"),
    ("undo leaves the rights as the copy had set them", "src/undo/move.c", "struct stat st = {.st_mode = old->mode,",
     "struct stat st = {.st_mode = s->now.st_mode,"),
]


def copy_tree(repository, folder):
    for name in ("src", "lua", "scripts", "Makefile"):
        source, target = os.path.join(repository, name), os.path.join(folder, name)
        shutil.copytree(source, target) if os.path.isdir(source) else shutil.copy(source, target)


def build(folder):
    subprocess.run(["make", "-s", "-C", folder, "-j%d" % (os.cpu_count() or 1)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def put_in(folder, file, text, fault):
    """The file's text without it, for take_out; None when it cannot be put in."""
    path = os.path.join(folder, file)
    with open(path) as source:
        right = source.read()
    if right.count(text) != 1:
        return None
    with open(path, "w") as source:
        source.write(right.replace(text, fault))
    return right


def take_out(folder, file, right):
    with open(os.path.join(folder, file), "w") as source:
        source.write(right)


def search(numbers, settings):
    """The first seed that ends with a mismatch, its Outcome, and how many seeds were run: or None, None, how many."""
    for count, (seed, outcome) in enumerate(truth.run_all(numbers, settings), 1):
        if outcome.kind:
            return seed, outcome, count
    return None, None, len(numbers)


def main(words):
    repository, folder = words[:2]
    settings = truth.parsed(words[2:])
    settings.program = os.path.join(folder, "build/release/autobackup")
    copy_tree(repository, folder)
    build(folder)
    settings.uid = truth.usable(settings)
    numbers = range(settings.first, settings.first + settings.seeds)
    clean = [seed for seed, outcome in truth.run_all(numbers, settings) if not outcome.kind]
    print("planted: %d of %d seeds are without a mismatch; those are searched" % (len(clean), settings.seeds), flush=True)
    missed, faults = 0, [fault for fault in FAULTS if re.search(os.environ.get("FAULT", ""), fault[0])]
    for what, file, text, fault in faults:
        right = put_in(folder, file, text, fault)
        if right is None:
            print("STALE   %s: %s does not hold that text once" % (what, file), flush=True)
            missed += 1
            continue
        build(folder)
        begun = time.monotonic()
        seed, outcome, count = search(sorted(clean), settings)
        take_out(folder, file, right)
        missed += seed is None
        print("%-7s %s: %s" % ("found" if outcome else "MISSED", what, "seed %d, %s, after %d seeds, %d s" % (
            seed, outcome.kind, count, time.monotonic() - begun) if outcome else "%d seeds" % count), flush=True)
    print("planted: %d of %d found" % (len(faults) - missed, len(faults)))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
