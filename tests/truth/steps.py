"""The steps of a seed: what is done with the program, with what must hold after it."""
import os

import edits
from after import CopyResult, Snapshot, covers, named, nothing_lost, restored, unchanged, untouched
from answers import Answers, Mismatch, expect
from model import Clocks
from program import call
from walk import Tree


class Studio:
    """A world, the program that manages it, and the model of what may be said."""

    def __init__(self, world, model, program):
        self.world, self.model, self.program = world, model, program
        self.done = []    # (operation, disk name, key, replica before, replica after): copies that can be undone
        self.missed = {}    # (disk name, key) -> paths that a copy should have made there, and did not

    def say(self, text, *values):
        self.world.say(None, text, *values)

    def look(self):
        return Snapshot(self.world)

    def ask(self, text):
        self.say(">>> " + text.replace("%", "%%"))
        return self.program.ask(text)

    def miss(self, name, key, paths):
        self.missed.setdefault((name, key), set()).update(paths)

    def observe_all(self, now):
        for name, replicas in now.replicas.items():
            self.model.observe(name, replicas)

    def check_answers(self, whole):
        Answers(self.world, self.model, self.program).check(whole)


# ---- setting up and reading ----

def set_up(studio):
    for category in studio.world.categories:
        studio.program.ask(call("add", what="category", name=category, path=edits_path(category)))
    for disk in studio.world.disks:
        answer = studio.program.ask(call("add", what="database", name=disk.name, path=disk.root, yes=True))
        if answer.code:
            raise Mismatch("error", "add database: %s" % answer)
    load(studio, None)


def edits_path(category):
    from world import CATEGORIES
    return CATEGORIES[category]


def load(studio, rng):
    world, names = studio.world, None
    if rng is not None and rng.random() < 0.25:
        names = [rng.choice(world.disks).name]
    before = studio.look()
    answer = studio.ask(call("load", database=names, yes=True) if names else call("load", yes=True))
    after = studio.look()
    unchanged(before, after, "load")
    if names and not world.disk(names[0]).plugged:
        if answer.status == 0:
            raise Mismatch("load-offline", "load of an unplugged disk: %s" % answer)
        return
    if answer.status not in (0, 3) or answer.status == 3 and world.uid is None:
        raise Mismatch("error", "load: %s" % answer)
    for row in answer.of("load"):
        disk = world.disk(row["database"])
        expect("load-online", row["online"], disk.plugged, "load: %s online" % disk.name)
        if disk.plugged:
            studio.model.observe(disk.name, after.replicas[disk.name])
            trees = studio.model.seen[disk.name]
            if any(tree.unread for tree in trees.values()) and answer.status != 3:
                raise Mismatch("load-unread", "load: %s was not read wholly, and the status is %s" % (disk.name, answer.status))
            files = [entry for tree in trees.values() for entry in tree.files().values()]
            expect("load-files", row["files"], len(files), "load: files of %s" % disk.name)
            expect("load-bytes", row["bytes"], sum(entry.size for entry in files), "load: bytes of %s" % disk.name)
            expect("load-replicas", row["replicas"], len(trees), "load: replicas of %s" % disk.name)


def edit(studio, rng):
    """A few changes, of one replica or of several of the same."""
    world = studio.world
    disks, keys = world.plugged(), world.keys()
    both = [key for key in keys if sum(os.path.isdir(disk.place(key)) for disk in disks) > 1]
    if disks:
        key = rng.choice(both if both and rng.random() < 0.7 else keys)
        for _ in range(rng.choice([1, 1, 2, 3, 5])):
            edits.edit(world, rng, rng.choice(disks), key)


def unplug(studio, rng):
    world = studio.world
    if len(world.plugged()) > 1:
        disk, other = rng.sample(world.plugged(), 2)
        how = rng.choice(["away", "empty", "stray", "other"])
        studio.say("unplug %s (%s)", disk.name, how)
        disk.unplug(how, other)
    else:
        plug(studio, rng)


def plug(studio, rng):
    gone = [disk for disk in studio.world.disks if not disk.plugged]
    if gone:
        disk = rng.choice(gone)
        disk.plug()
        studio.say("plug %s in", disk.name)


# ---- copy ----

def choose(studio, rng):
    """A replica to copy, and where to: (key, source, [targets]); None when there is nothing."""
    world = studio.world
    sources = [(disk, key) for disk in world.plugged() for key in world.keys() if os.path.isdir(disk.place(key))
               and not os.path.islink(disk.place(key))]
    if not sources or len(world.plugged()) < 2:
        return None
    source, key = rng.choice(sources)
    others = [disk for disk in world.plugged() if disk is not source]
    return key, source, rng.sample(others, min(len(others), rng.choice([1, 1, 1, 2])))


def copy_options(studio, rng, key, source, snapshot):
    options = {}
    if rng.random() < 0.35:
        options["mirror"] = options["yes"] = True
    if rng.random() < 0.3:
        options["newer"] = "overwrite"
    if rng.random() < 0.2:
        options["verify"] = "readback"
    if rng.random() < 0.1:
        options["jobs"] = rng.choice([1, 4])
    plain = [path for path in snapshot.replica(source.name, key) if not set(path) & set(b"*?[]{}\\") and not path.endswith(b"/")]
    if plain and rng.random() < 0.15:
        options["only"] = [rng.choice(sorted(plain))]
    return options


def copy_call(key, source, targets, options, command="copy"):
    category, client, project = key
    return call(command, project=client + b"/" + project, category=category, **{"from": source.name},
                to=[disk.name for disk in targets] if command == "copy" else targets[0].name, **options)


NOTHING = ("files_copied", "others_copied", "directories_made", "directories_removed", "files_removed", "metadata_only",
           "files_replaced")


def copy(studio, rng):
    chosen = choose(studio, rng)
    if chosen:
        copy_chosen(studio, rng, chosen)


def copy_chosen(studio, rng, chosen):
    key, source, targets = chosen
    studio.world.about = key
    before = studio.look()
    options = copy_options(studio, rng, key, source, before)
    text = copy_call(key, source, targets, options)
    plan = dry_run(studio, key, source, targets, options, before) if rng.random() < 0.3 else None
    answer = studio.ask(text)
    after = studio.look()
    check_copy(studio, text, key, source, targets, options, answer, before, after)
    if plan is not None:
        compare_plan(text, plan, answer, any(studio.model.seen[disk.name].get(key, Tree.NONE).unread for disk in [source] + targets))
    if answer.status == 0 and rng.random() < 0.5:
        again(studio, text, key, source, targets, after)


def dry_run(studio, key, source, targets, options, before):
    text = copy_call(key, source, targets, dict(options, dry_run=True))
    answer = studio.ask(text)
    unchanged(before, studio.look(), text)
    read_both(studio, key, [source] + targets, before)
    return answer


def read_both(studio, key, disks, now):
    for disk in disks:
        studio.model.observe(disk.name, now.replicas[disk.name], [key])


def compare_plan(text, plan, answer, unread):
    if plan.status is None or answer.status is None:
        expect("dry-run", plan.code, answer.code, text + ": error")
        return
    for key in ("files_copied", "bytes_copied", "files_unchanged", "files_replaced", "files_removed", "others_copied", "directories_made",
                "directories_removed", "metadata_only", "conflicts"):
        for foretold, done in zip(plan.of("copy"), answer.of("copy")):
            if unread and key in ("directories_removed", "metadata_only", "files_unchanged"):    # what cannot be emptied stays
                continue
            expect("dry-run", foretold.get(key), done.get(key), "%s: the dry run's %s" % (text, key))


def may_pass_at(studio, key, source, target, old):
    """A function of a path for CopyResult.check. What both sides were before must have been observed."""
    model = studio.model
    proofs = model.proofs[source.name].get(key, {}), model.proofs[target.name].get(key, {})
    tree = model.seen[source.name].get(key, {})

    def may_pass(path):
        return path in tree and path in old and model.may_pass_for_same(tree[path], old[path], proofs[0].get(path), proofs[1].get(path),
                                                                                  Clocks(source.ground, target.ground))
    return may_pass


def check_copy(studio, text, key, source, targets, options, answer, before, after):
    if answer.status is None or answer.status not in (0, 3):
        raise Mismatch("error", "%s: %s" % (text, answer))
    nothing_lost(before, after, text)
    untouched(before, after, {(disk.name, key) for disk in targets}, text)
    read_both(studio, key, [source] + targets, before)
    operations = {row["to"]: row for row in answer.of("copy")}
    for target in targets:
        old, new = before.replica(target.name, key), after.replica(target.name, key)
        result = CopyResult(text, before.replica(source.name, key), old, new, named(answer, [source, target], key), options,
                            Clocks(source.ground, target.ground))
        result.unread = studio.model.seen[source.name][key].unread
        result.missed = studio.missed.get((source.name, key), set())
        result.check(may_pass_at(studio, key, source, target, old))
        studio.miss(target.name, key, {path for path in result.source if path not in new and covers(result.problems, path)})
        check_counts(text, operations[target.name], result)
    for target in targets:
        settle(studio, key, source, target, before, after)
        row = operations[target.name]
        if row.get("operation") and any(row.get(field) for field in NOTHING):
            studio.done.append((row["operation"], target.name, key, before.replica(target.name, key), after.replica(target.name, key)))


def is_new(old, entry):
    """Is it another than what lay there? A folder that made room may have left it its inode's number."""
    return old is None or (old.kind, old.ino) != (entry.kind, entry.ino)


def check_counts(text, row, result):
    came = [path for path, entry in result.new.items() if entry.kind == "file" and path in result.source and
            is_new(result.old.get(path), entry)]
    if all(result.source[path].nlink == 1 for path in came):
        expect("copy-count", row["files_copied"], len(came), text + ": files_copied")
        expect("copy-bytes", row["bytes_copied"], sum(result.new[path].size for path in came), text + ": bytes_copied")
    gone = [path for path, entry in result.old.items() if entry.kind != "directory" and
            (path not in result.new or result.new[path].kind == "directory")]
    expect("copy-removed", row.get("files_removed", 0), len(gone), text + ": files_removed")


def settle(studio, key, source, target, before, after):
    """After a copy the program knows the destination as it is, and has digests of what it copied."""
    model, old = studio.model, before.replica(target.name, key)
    doubted = model.doubted(source.name, key), model.doubted(target.name, key)
    model.observe(target.name, after.replicas[target.name], [key])
    new = model.seen[target.name].get(key, {})
    copied = [path for path, entry in new.items() if entry.kind == "file" and is_new(old.get(path), entry)]
    copied = [path for path in copied if path in model.seen[target.name][key]]
    model.prove(target.name, key, copied)
    there = model.seen[source.name][key]
    model.prove(source.name, key, [path for path in copied if path in there and there[path].kind == "file"
                                   and there[path].data == new[path].data])
    others = [path for path in set(new) & set(there) if path not in copied and new[path].kind == there[path].kind == "file"]
    for name in (source.name, target.name):    # it may have read them too
        studio.model.prove(name, key, others, certain=False)
    model.renew(source.name, key, doubted[0])
    model.renew(target.name, key, doubted[1] | doubted[0] & set(copied))


def again(studio, text, key, source, targets, before):
    """The same once more: there is nothing to do."""
    answer = studio.ask(text)
    if answer.status == 3 and has_come_to_light(answer, key, source, targets, before):
        read_both(studio, key, [source] + targets, studio.look())
        return
    expect("again", answer.status, 0, text + ", again")
    for row in answer.of("copy"):
        for field in NOTHING:
            expect("again", row.get(field, 0), 0, "%s, again: %s" % (text, field))
    after = studio.look()
    unchanged(before, after, text + ", again")
    read_both(studio, key, [source] + targets, after)


def has_come_to_light(answer, key, source, targets, now):
    """A further name of a file went with the first copy, which moves its ctime: so this one has read it, and its content is another
    at the same size and time."""
    here = now.replica(source.name, key)
    paths = named(answer, [source] + targets, key)
    return bool(paths) and all(path in here and any(
        path in there and there[path].kind == here[path].kind == "file" and there[path].data != here[path].data
        for there in (now.replica(target.name, key) for target in targets)) for path in paths)


# ---- undo ----

def undo(studio, rng):
    possible = [entry for entry in studio.done if studio.world.disk(entry[1]).plugged]
    if not possible:
        return
    undo_one(studio, possible[-1] if rng.random() < 0.7 else rng.choice(possible))


def corrected(studio, rng):
    """A copy that only corrects metadata, and an undo of it."""
    chosen = choose(studio, rng)
    if not chosen:
        return
    key, source, targets = chosen
    copy_chosen(studio, rng, chosen)
    for _ in range(3):
        edits.edit(studio.world, rng, source, key, "chmod")
    count = len(studio.done)
    copy_chosen(studio, rng, chosen)
    for entry in studio.done[count:]:
        undo_one(studio, entry)


def undo_one(studio, entry):
    studio.done.remove(entry)
    operation, name, key, was, left = entry
    studio.world.about = key
    before = studio.look()
    text = call("undo", operation=operation, yes=True)
    answer = studio.ask(text)
    after = studio.look()
    if answer.status is None or answer.status not in (0, 3):
        raise Mismatch("error", "%s: %s" % (text, answer))
    nothing_lost(before, after, text)
    untouched(before, after, {(name, key)}, text)
    now = after.replica(name, key)
    if dict(before.replica(name, key)) == dict(left):
        expect("undo", answer.status, 0, "%s, nothing touched since" % text)
        restored(text, was, now, set())
    studio.model.observe(name, after.replicas[name], [key])
    studio.model.prove(name, key, studio.model.seen[name].get(key, Tree.NONE).files(), certain=False)


def restore(studio, rng):
    """A restore is a copy: what is said of one holds for the other."""
    chosen = choose(studio, rng)
    if not chosen:
        return
    key, source, targets = chosen
    studio.world.about = key
    before = studio.look()
    options = {"newer": "overwrite"} if rng.random() < 0.5 else {}
    text = copy_call(key, source, targets[:1], options, "restore")
    answer = studio.ask(text)
    check_copy(studio, text, key, source, targets[:1], options, answer, before, studio.look())
