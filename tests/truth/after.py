"""What must hold on the disks after a command: nothing lost, nothing touched that it was not about, and what it promises."""
from answers import Mismatch
from program import name_of
from walk import contents, everything


class Snapshot:
    """All disks at one moment."""

    def __init__(self, world):
        self.disks, self.replicas = {}, {}
        for disk in world.plugged():
            self.disks[disk.name] = everything(disk.root)
            self.replicas[disk.name] = disk.replicas(world.categories)

    def replica(self, name, key):
        return self.replicas[name].get(key, {})


def inside_of(path, disk, key):
    """A path below a replica, b"" for itself; None when it lies elsewhere."""
    place = disk.place(key)
    if path is None or path == place:
        return None if path is None else b""
    return path[len(place) + 1:] if path.startswith(place + b"/") else None


def named(answer, disks, key):
    """The paths of a replica that an answer's problems name."""
    found = set()
    for row in answer.of("problem"):
        for disk in disks:
            inside = inside_of(name_of(row, "path"), disk, key)
            if inside is not None:
                found.add(inside)
    return found


def covers(paths, path):
    """Is the path, or a folder above it, among these?"""
    return b"" in paths or any(path == above or path.startswith(above + b"/") for above in paths)


def nothing_lost(before, after, what):
    for name in before.disks:
        lost = contents(before.disks[name]) - contents(after.disks[name])
        if lost:
            where = [path for path, entry in before.disks[name].items() if entry.kind == "file" and entry.data in lost]
            raise Mismatch("lost", "%s: contents that %s held are nowhere on it any more: %r" % (what, name, where))


def untouched(before, after, but, what):
    """Every replica but those of the pairs (disk name, key) is as it was, to the ctime."""
    for name, replicas in before.replicas.items():
        for key in set(replicas) | set(after.replicas[name]):
            if (name, key) in but:
                continue
            old, new = replicas.get(key), after.replicas[name].get(key)
            if old is None or new is None or dict(old) != dict(new):
                changed = [path for path in set(old or {}) | set(new or {}) if (old or {}).get(path) != (new or {}).get(path)]
                raise Mismatch("touched", "%s: %s on %s is none of its business, and changed: %r" % (what, key, name, changed[:5]))


def unchanged(before, after, what):
    """A command that only looks, or does nothing: not even a time of a folder has changed. Its own folder does not count."""
    for name in before.disks:
        ours = b".autobackup"
        old = {path: entry for path, entry in before.disks[name].items() if not path.startswith(ours)}
        new = {path: entry for path, entry in after.disks[name].items() if not path.startswith(ours)}
        if old != new:
            changed = [path for path in set(old) | set(new) if old.get(path) != new.get(path)]
            raise Mismatch("touched", "%s: changed on %s: %r" % (what, name, changed[:5]))


class CopyResult:
    """A copy of one replica to one disk: source and old as they were before, new as it is now."""

    def __init__(self, what, source, old, new, problems, options, clocks):
        self.clocks = clocks
        self.what, self.source, self.old, self.new = what, source, old, new
        self.problems, self.options = problems, options
        self.unread = frozenset()    # folders of the source that could not be read: what lies in them may be there
        self.missed = frozenset()    # what a copy to the source did not make there: nobody removed it

    def is_asked(self, path):
        only = self.options.get("only")
        return not only or any(path == one or path.startswith(one + b"/") for one in only)

    def wrong(self, kind, path, text):
        return Mismatch(kind, "%s: %r %s; source %s, before %s, now %s" % (
            self.what, path, text, self.source.get(path), self.old.get(path), self.new.get(path)))

    def check(self, may_pass):
        """may_pass(path): size and time agree, and without reading nobody knows that the content does not."""
        for path in sorted(self.source):
            if self.is_asked(path):
                self.check_source(path, may_pass)
        for path in sorted(set(self.old) - set(self.source)):
            self.check_extra(path)
        for path in sorted(path for path in self.old if self.is_hidden(path)):
            if not self.old[path].same_thing(self.new.get(path)) and not self.is_corrected_elsewhere(path):
                raise self.wrong("copy-blind", path, "lies in a folder of the source that could not be read, and was touched")
        for path in sorted(set(self.new) - set(self.old)):
            if path not in self.source or not self.is_asked(path) and not self.leads(path):
                raise self.wrong("copy-invented", path, "came from nowhere")
        for path in set(self.old) & set(self.source):
            if not self.is_asked(path) and not self.old[path].same_thing(self.new.get(path)):
                raise self.wrong("copy-beyond-only", path, "was not asked for")

    def is_hidden(self, path):
        """Nobody can tell whether the source has it."""
        return any(not folder or path.startswith(folder + b"/") for folder in self.unread)

    def leads(self, path):
        return any(one.startswith(path + b"/") for one in self.options.get("only", []))

    def check_source(self, path, may_pass):
        entry, new, old = self.source[path], self.new.get(path), self.old.get(path)
        if self.arrived(entry, new) or covers(self.problems, path):
            return
        if old is not None and old.same_content(new) and may_pass(path):
            return    # its rights may have been corrected
        if old is None and new is not None and any(may_pass(other) for other in self.names_of(new)):
            return    # a further name of a file that is there
        raise self.wrong("copy-false", path, "did not arrive, and no problem names it")

    def names_of(self, new):
        return [path for path, entry in self.new.items() if entry.ino == new.ino and path in self.old and self.old[path].ino == new.ino]

    def arrived(self, entry, new):
        """Is it there, with its time as the destination can keep it?"""
        if new is None or entry.kind != new.kind:
            return False
        if entry.kind == "file":
            return entry.data == new.data and (self.clocks.agree(entry.mtime, new.mtime) or self.clocks.may_agree(entry.mtime, new.mtime))
        return entry.kind != "symlink" or entry.data == new.data

    def check_extra(self, path):
        old, new = self.old[path], self.new.get(path)
        if not self.options.get("mirror") or not self.is_asked(path):
            if not old.same_thing(new) and not self.is_corrected_elsewhere(path):
                raise self.wrong("copy-took", path, "is not in the source, and was touched")
        elif new is not None and not self.may_stay(path):
            raise self.wrong("mirror-left", path, "is not in the source, and stayed, and no problem names it")

    def is_corrected_elsewhere(self, path):
        """Of a file's names one is in the source: its time and rights are those of all of them."""
        old, new = self.old[path], self.new.get(path)
        return new is not None and new.ino == old.ino and (new.kind, new.data) == (old.kind, old.data) and any(
            other in self.source and self.is_asked(other) and entry.ino == new.ino for other, entry in self.new.items())

    def may_stay(self, path):
        """Something below it stays, or a problem is about it or something below or above it."""
        below = path + b"/"
        return self.is_hidden(path) or covers(self.problems, path) or path in self.missed or \
            any(other.startswith(below) for others in (self.problems, self.unread, self.missed) for other in others) or \
            any(other.startswith(below) and (other in self.source or not self.is_asked(other)) for other in self.new)


def restored(what, before, after, left):
    """An undo of something since which nothing was touched: all is as it was before it, names, contents, times and modes."""
    for path in set(before) | set(after):
        old, new = before.get(path), after.get(path)
        if covers(left, path):
            continue
        if old is None or new is None or (old.kind, old.size, old.data, old.mode) != (new.kind, new.size, new.data, new.mode) or \
                old.kind in ("file", "symlink") and old.mtime != new.mtime:
            raise Mismatch("undo", "%s: %r was %s, is %s" % (what, path, old, new))
