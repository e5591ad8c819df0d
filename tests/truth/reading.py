"""verify: what it says of each file, and of a disk that has changed a byte by itself."""
from after import named, nothing_lost, unchanged, untouched
from answers import Mismatch, expect
from program import call, name_of
from walk import look


def verify(studio, rng):
    model, world = studio.model, studio.world
    seen = sorted({key for disk in world.plugged() for key in model.seen[disk.name]})
    if not seen:
        return
    key = studio.world.about = rng.choice(seen)
    options = {}
    if rng.random() < 0.3:
        options["repair"] = True
    elif rng.random() < 0.3:
        options["cached"] = True
    text = call("verify", project=key[1] + b"/" + key[2], category=key[0], **options)
    before = studio.look()
    answer = studio.ask(text)
    after = studio.look()
    damage = answer.status == 11 and not any(is_found(studio, key, row, before) for row in answer.of("verify"))
    if answer.status is None or damage:
        raise Mismatch("false-damage", "%s: %s" % (text, answer))
    repaired = {row["database"]: row["files_repaired"] for row in answer.of("verify") if row.get("files_repaired")}
    if repaired:
        check_unseen_repaired(studio, key, repaired, before, after, text)
        return
    unchanged(before, after, text)
    for row in answer.of("verify"):
        if key not in after.replicas[row["database"]]:    # the whole replica is gone: one problem says it
            expect("verify-gone", answer.status, 3, text + ": status, with a replica that is gone")
            continue
        check_verified(studio, key, row, after, text)


def check_unseen_repaired(studio, key, repaired, before, after, text):
    """What no time tells from damage is repaired like it, and kept."""
    for name, count in repaired.items():
        if count > studio.model.count_unseen(name, key, before.replica(name, key)):
            raise Mismatch("false-damage", "%s: %s: it repaired %d" % (text, name, count))
    nothing_lost(before, after, text)
    untouched(before, after, {(name, key) for name in repaired}, text)
    unsettle(studio, key, studio.world.plugged())


def check_verified(studio, key, row, now, text):
    model, name = studio.model, row["database"]
    seen, tree = model.seen[name][key], now.replica(name, key)
    what = "%s: %s: " % (text, name)
    if row["files_damaged"] > model.count_unseen(name, key, tree):
        raise Mismatch("false-damage", "%sdamaged: it says %d, none is" % (what, row["files_damaged"]))
    files = {path: entry for path, entry in seen.files().items() if not is_closed(studio.world, tree, path)}
    missing = [path for path in files if path not in tree]
    moved = [path for path, entry in files.items() if path not in missing and
             (tree[path].kind, tree[path].size, tree[path].mtime) != ("file", entry.size, entry.mtime)]
    behind = [path for path in missing if not is_reached(tree, path)]    # changed or missing, as one likes
    if not len(missing) - len(behind) <= row["files_missing"] <= len(missing):
        raise Mismatch("verify-missing", "%smissing: it says %d, it is %d" % (what, row["files_missing"], len(missing)))
    others = [path for path in files if path not in missing and path not in moved]
    same = [path for path in others if not known_other(model.proofs[name].get(key, {}).get(path), tree[path])]
    low, high = len(moved), len(moved) + len(others) - len(same) + len(behind)
    if not low <= row["files_changed"] <= high:
        raise Mismatch("verify-changed", "%schanged: it says %d, right is %d to %d" % (what, row["files_changed"], low, high))
    if row["files_ok"] + row["files_new"] + row["files_damaged"] < len(same):    # those are unseen, and stay what they were called
        raise Mismatch("verify-ok", "%sok, new and damaged: %d, %d and %d, right is %d" % (
            what, row["files_ok"], row["files_new"], row["files_damaged"], len(same)))
    moved = {path for path in others if (tree[path].ctime, tree[path].ino) != (seen[path].ctime, seen[path].ino)}
    for path in others:
        seen[path] = tree[path]
    doubted = model.doubted(name, key)
    model.prove(name, key, others)
    model.renew(name, key, (moved | doubted) & set(others))    # what was read is not what was loaded: only another reading proves it


def is_found(studio, key, row, now):
    """Is there what the status tells: two contents, or what no time tells from damage?"""
    name = row["database"]
    return are_apart(studio, key, row, now) or row["files_damaged"] and studio.model.count_unseen(name, key, now.replica(name, key))


def are_apart(studio, key, row, now):
    """Has a file that it read there another content on another disk, at one size and time? That is no damage, and somebody has
    to look: one of them was changed and its time put back."""
    name = row["database"]
    here = now.replica(name, key)
    if row["files_differing"] and any(not disk.plugged and key in studio.model.seen[disk.name] for disk in studio.world.disks):
        return True    # what is known of that one
    return bool(row["files_differing"]) and any(
        (entry.kind, other.kind) == ("file", "file") and entry.size == other.size and entry.data != other.data
        and studio.model.clocks(name, other_name).cannot_tell(entry.mtime, other.mtime)
        for other_name in now.replicas if other_name != name
        for path, entry in here.items()
        for other in [now.replica(other_name, key).get(path, entry)])


def is_reached(tree, path):
    """Do only folders lead to it?"""
    parts = path.split(b"/")
    return all(getattr(tree.get(b"/".join(parts[:n])), "kind", "directory") == "directory" for n in range(1, len(parts)))


def is_closed(world, tree, path):
    """Can its owner not read it?"""
    parts = path.split(b"/")
    above = [tree.get(b"/".join(parts[:n])) for n in range(1, len(parts) + 1)]
    return world.uid is not None and any(entry is not None and not entry.mode & 0o400 for entry in above)


def known_other(proof, entry):
    return proof is not None and proof.data != entry.data


def rot(studio, rng):
    """A byte of a file changes on its disk, and nothing tells it. verify must, and mend it where another disk has it right."""
    found = [(disk, key, path) for disk in studio.world.plugged() if disk.ground.image for key in sorted(studio.model.seen[disk.name])
             for path in rottable(studio, disk, key)]
    if not found:
        return
    disk, key, path = rng.choice(found)
    studio.world.about = key
    if studio.model.count_unseen(disk.name, key, studio.look().replica(disk.name, key)):
        return    # written since it was loaded, within the tick: that one is damaged too, for all that can be told
    good, where = studio.model.seen[disk.name][key][path], disk.place(key) + b"/" + path
    if look(where) != good or not disk.ground.rot(where):
        return
    studio.say("%s: a byte changes on the disk, no time does", where)
    find_rot(studio, disk, key, path)
    if rng.random() < 0.6:
        repair(studio, disk, key, path, good)
    if look(where).data != good.data:
        heal(studio, disk, key, where)


def rottable(studio, disk, key):
    """Files whose digest is known for sure, and of which nothing is in doubt."""
    tree, proofs = studio.model.seen[disk.name][key], studio.model.proofs[disk.name].get(key, {})
    return [path for path, proof in sorted(proofs.items()) if proof.certain and not proof.moved and not proof.renewed
            and tree[path].size and tree[path].nlink == 1 and tree[path].data == proof.data
            and not is_closed(studio.world, tree, path)]


def verify_call(disks, key, **options):
    return call("verify", project=key[1] + b"/" + key[2], category=key[0], databases=[disk.name for disk in disks], **options)


def find_rot(studio, disk, key, path):
    text = verify_call([disk], key)
    answer = studio.ask(text)
    damaged = answer.of("verify")[0]["files_damaged"] if answer.of("verify") else 0
    if damaged > 1:
        raise Mismatch("false-damage", "%s: it says that %d are damaged, one is" % (text, damaged))
    expect("rot", (answer.status, damaged), (11, 1), text + ": status and damaged files")
    if path not in named(answer, [disk], key):
        raise Mismatch("rot", "%s: no problem names %r" % (text, path))
    expect("rot", mark(studio, disk, key), "damaged", "fetch: the cell of what is damaged")


def mark(studio, disk, key):
    """What fetch shows behind a replica's size."""
    for row in studio.ask("fetch()").of("replica"):
        if (row["database"], row["category"], name_of(row, "client"), name_of(row, "name")) == (disk.name,) + key:
            return row.get("compared")
    return None


def repair(studio, disk, key, path, good):
    """With a disk that has it right: it is right again here, and what was there is kept."""
    others = [other for other in studio.world.plugged() if other is not disk and key in studio.model.seen[other.name]
              and path in rottable(studio, other, key) and studio.model.seen[other.name][key][path].data == good.data
              and look(other.place(key) + b"/" + path) == studio.model.seen[other.name][key][path]]
    if not others:
        return
    before = studio.look()
    text = verify_call([disk, others[0]], key, repair=True)
    answer = studio.ask(text)
    after = studio.look()
    nothing_lost(before, after, text)
    untouched(before, after, {(disk.name, key)}, text)
    now = after.replica(disk.name, key).get(path)
    if now is None or (now.data, now.mtime) != (good.data, good.mtime):
        raise Mismatch("repair", "%s: %r was %s, is %s; %s" % (text, path, good, now, answer))
    unsettle(studio, key, [disk, others[0]])


def heal(studio, disk, key, where):
    """The byte is what it was. The next verify says so, and no mark stays."""
    if not disk.ground.rot(where):
        raise OSError("cannot heal %r" % where)
    studio.say("%s: the byte is what it was", where)
    text = verify_call([disk], key)
    answer = studio.ask(text)
    expect("rot", answer.of("verify")[0]["files_damaged"], 0, text + ": damaged files, after it was put right")
    if mark(studio, disk, key) == "damaged":
        raise Mismatch("rot", "fetch: still damaged, though a verify found it right")
    unsettle(studio, key, [disk])


def unsettle(studio, key, disks):
    """Nobody knows what the catalog holds of these now, but that it is what the disks hold."""
    now = studio.look()
    for disk in disks:
        studio.model.observe(disk.name, now.replicas[disk.name], [key])
        seen = studio.model.seen[disk.name].get(key, {})
        studio.model.prove(disk.name, key, [path for path, entry in seen.items() if entry.kind == "file"], certain=False)
        studio.model.doubt(disk.name, key)
    studio.ask(call("load", yes=True))
    for disk in studio.world.plugged():
        studio.model.observe(disk.name, now.replicas[disk.name])
