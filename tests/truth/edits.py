"""What people and their programs do to the files: one random change of one replica, said in the world's log."""
import os
import shutil

import names
from walk import Tree, look


def set_time(path, mtime):
    os.utime(path, ns=(mtime, mtime), follow_symlinks=False)


def write(path, data, mtime, flags=os.O_TRUNC):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | flags, 0o644)
    with open(fd, "wb") as file:
        file.write(data)
    if mtime is not None:
        set_time(path, mtime)


class Edits:
    """Changes in one replica (top: its folder) of a world."""

    def __init__(self, world, rng, disk, key):
        self.world, self.rng, self.disk, self.key = world, rng, disk, key
        self.top = disk.place(key)

    def scan(self):
        self.tree = Tree(self.top) if os.path.isdir(self.top) else {}

    def paths(self, kind):
        return sorted(path for path, entry in self.tree.items() if entry.kind == kind)

    def say(self, text, *values):
        self.world.say(self.key, text, *values)

    def at(self, inside):
        return self.top + b"/" + inside if inside else self.top

    def pick(self, kind):
        paths = self.paths(kind)
        return self.at(self.rng.choice(paths)) if paths else None

    def folder(self):
        """A folder to put something into; a new one now and then."""
        os.makedirs(self.top, exist_ok=True)
        paths = [b""] + self.paths("directory")
        path = self.at(self.rng.choice(paths))
        if self.rng.random() < 0.25 and path.count(b"/") < 24:
            path += b"/" + self.rng.choice([b"shot_010", b"day_01", names.component(self.rng)])
            if look(path) is None:
                os.mkdir(path)
                self.say("mkdir %s", path)
            elif look(path).kind != "directory":
                return self.top
        return path

    def spot(self):
        """A path where nothing is."""
        for _ in range(20):
            path = self.folder() + b"/" + names.component(self.rng)
            if look(path) is None:
                return path
        return None

    # ---- the changes; each says what it did ----

    def new_file(self):
        path = self.spot()
        if path:
            data, mtime = names.content(self.rng), names.time_ns(self.rng)
            write(path, data, mtime)
            self.say("write %s: %d bytes, mtime %d", path, len(data), mtime)

    def new_frames(self):
        folder, count = self.folder(), self.rng.randrange(2, 6)
        step, mtime = self.rng.choice([0, 1, 10**9]), names.time_ns(self.rng)
        for number in range(count):
            path = folder + b"/" + names.frame(number)
            if look(path) is None:
                write(path, self.rng.randbytes(100), mtime + number * step)
        self.say("write %s/beauty.%%04d.exr: %d files of 100 bytes, mtime %d + n * %d", folder, count, mtime, step)

    def new_folder(self):
        path = self.spot()
        if path:
            os.mkdir(path)
            self.say("mkdir %s", path)

    def new_symlink(self):
        path = self.spot()
        if path:
            target = self.rng.choice([b"nothing", b"..", b"/etc/hostname", names.component(self.rng), b"x" * 4000])
            os.symlink(target, path)
            if self.rng.random() < 0.5:
                set_time(path, names.time_ns(self.rng))
            self.say("symlink %s -> %s", path, target[:60])

    def new_fifo(self):
        path = self.spot()
        if path:
            os.mkfifo(path)
            self.say("mkfifo %s", path)

    def new_hard_link(self):
        source, path = self.pick("file"), self.spot()
        if source and path and os.path.lexists(source):
            os.link(source, path)
            self.say("link %s %s", source, path)

    def rewrite(self, put_back):
        path = self.pick("file")
        if path:
            st = os.lstat(path)
            mtime = st.st_mtime_ns if put_back else names.time_ns(self.rng)
            write(path, names.content(self.rng, st.st_size), mtime)
            self.say("rewrite %s: another content of %d bytes, mtime %s", path, st.st_size, "put back" if put_back else mtime)

    def rewrite_back(self):
        self.rewrite(True)

    def rewrite_anew(self):
        self.rewrite(False)

    def rewrite_by_rename(self):
        """As editors do: another inode of the same size and time."""
        path = self.pick("file")
        if path:
            st = os.lstat(path)
            temp = self.top + b"/~new"
            write(temp, names.content(self.rng, st.st_size), st.st_mtime_ns)
            os.rename(temp, path)
            self.say("write ~new: another content of %d bytes, mtime of %s; mv ~new %s", st.st_size, path, path)

    def append(self):
        path = self.pick("file")
        if path:
            st, keep = os.lstat(path), self.rng.random() < 0.3
            data = self.rng.randbytes(self.rng.randrange(1, 50))
            write(path, data, st.st_mtime_ns if keep else None, os.O_APPEND)
            self.say("append %d bytes to %s%s", len(data), path, ", mtime put back" if keep else "")

    def truncate(self):
        path = self.pick("file")
        if path:
            size = self.rng.randrange(os.lstat(path).st_size + 1)
            os.truncate(path, size)
            self.say("truncate %s to %d", path, size)

    def touch(self):
        path = self.pick("file")
        if path:
            mtime = names.time_ns(self.rng)
            set_time(path, mtime)
            self.say("touch %s: mtime %d", path, mtime)

    def touch_same(self):
        """Moves the ctime alone."""
        path = self.pick("file")
        if path:
            set_time(path, os.lstat(path).st_mtime_ns)
            self.say("touch %s: mtime as it is", path)

    def chmod(self):
        path = self.pick(self.rng.choice(["file", "file", "directory"]))
        if path:
            mode = self.rng.choice([0o600, 0o644, 0o664, 0o755, 0o700])
            os.chmod(path, mode | (0o700 if look(path).kind == "directory" else 0))
            self.say("chmod %o %s", mode, path)

    def rename(self):
        source, path = self.pick(self.rng.choice(["file", "file", "directory", "symlink"])), self.spot()
        if source and path and os.path.lexists(source) and not path.startswith(source + b"/"):
            os.rename(source, path)
            self.say("mv %s %s", source, path)

    def renumber(self):
        """mv f.n f.n+1, from the last one down."""
        frames = [path for path in self.paths("file") if path.rsplit(b"/", 1)[-1].startswith(b"beauty.")]
        folders = sorted({path.rsplit(b"/", 1)[0] if b"/" in path else b"" for path in frames})
        if folders:
            folder = self.at(self.rng.choice(folders))
            numbers = sorted((int(name.split(b".")[1]) for name in os.listdir(folder) if name.startswith(b"beauty.")), reverse=True)
            for number in numbers:
                os.rename(folder + b"/" + names.frame(number), folder + b"/" + names.frame(number + 1))
            self.say("in %s: mv beauty.n.exr beauty.n+1.exr for n = %s", folder, numbers)

    def swap(self):
        files = self.paths("file")
        if len(files) > 1:
            a, b = (self.at(path) for path in self.rng.sample(files, 2))
            os.rename(a, self.top + b"/~swap")
            os.rename(b, a)
            os.rename(self.top + b"/~swap", b)
            self.say("swap the names of %s and %s", a, b)

    def delete(self):
        path = self.pick(self.rng.choice(["file", "file", "symlink", "fifo"]))
        if path:
            os.unlink(path)
            self.say("rm %s", path)

    def delete_folder(self):
        path = self.pick("directory")
        if path:
            shutil.rmtree(path)
            self.say("rm -r %s", path)

    def change_type(self):
        path = self.pick(self.rng.choice(["file", "directory", "symlink"]))
        if not path:
            return
        was = look(path).kind
        shutil.rmtree(path) if was == "directory" else os.unlink(path)
        now = self.rng.choice([kind for kind in ("file", "directory", "symlink", "fifo") if kind != was])
        if now == "file":
            write(path, names.content(self.rng), names.time_ns(self.rng))
        elif now == "directory":
            os.mkdir(path)
        elif now == "symlink":
            os.symlink(b"a", path)
        else:
            os.mkfifo(path)
        self.say("%s was a %s and is a %s now", path, was, now)

    def from_elsewhere(self):
        """A file brought over by hand, its time kept: cp -p, now and then with another content."""
        for other in self.rng.sample(self.world.plugged(), len(self.world.plugged())):
            place = other.place(self.key)
            if other is self.disk or not os.path.isdir(place):
                continue
            files = sorted(Tree(place).files())
            if files:
                inside = self.rng.choice(files)
                source, path = place + b"/" + inside, self.at(inside)
                if look(path) and look(path).kind != "file" or not self.way_to(inside):
                    return
                with open(source, "rb") as file:
                    data = file.read()
                another = self.rng.random() < 0.2
                write(path, names.content(self.rng, len(data)) if another else data, os.lstat(source).st_mtime_ns)
                self.say("cp -p %s %s%s", source, path, ", but another content" if another else "")
                return

    def way_to(self, inside):
        folder = self.at(inside).rsplit(b"/", 1)[0]
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError:
            return False
        return True

    def lock(self):
        path = self.pick(self.rng.choice(["file", "directory"]))
        if path:
            os.chmod(path, 0)
            self.say("chmod 0 %s", path)

    def unlock(self):
        paths = sorted(path for path, entry in self.tree.items() if entry.kind in ("file", "directory") and not entry.mode & 0o400)
        if paths:
            path = self.at(self.rng.choice(paths))
            os.chmod(path, 0o755)
            self.say("chmod 755 %s", path)

    def drop_replica(self):
        if os.path.isdir(self.top) and self.rng.random() < 0.3:
            shutil.rmtree(self.top)
            self.say("rm -r %s", self.top)

    def clone_replica(self):
        """cp -a of a whole replica to a disk that has none."""
        others = [disk for disk in self.world.plugged() if disk is not self.disk and os.path.isdir(disk.place(self.key))]
        if others and not os.path.lexists(self.top):
            source = self.rng.choice(others).place(self.key)
            clone(source, self.top)
            self.say("cp -a %s %s", source, self.top)
            return True
        return False


def clone(source, target):
    os.makedirs(target)
    for inside, entry in Tree(source).items():
        path = target + b"/" + inside
        if entry.kind == "directory":
            os.mkdir(path)
        elif entry.kind == "file":
            shutil.copyfile(source + b"/" + inside, path)
        elif entry.kind == "symlink":
            os.symlink(entry.data, path)
        elif entry.kind == "fifo":
            os.mkfifo(path)
        if entry.kind in ("file", "symlink"):
            set_time(path, entry.mtime)
        if entry.kind == "file":
            os.chmod(path, entry.mode & 0o7777)


WEIGHTS = {
    "new_file": 8, "new_frames": 3, "new_folder": 2, "new_symlink": 2, "new_fifo": 1, "new_hard_link": 1, "rewrite_back": 5,
    "rewrite_anew": 4, "rewrite_by_rename": 3, "append": 2, "truncate": 2, "touch": 4, "touch_same": 2, "chmod": 2, "rename": 6,
    "renumber": 6, "swap": 4, "delete": 4, "delete_folder": 1, "change_type": 2, "from_elsewhere": 4, "drop_replica": 1,
    "clone_replica": 2,
}


def edit(world, rng, disk, key, name=None):
    """One change of a replica of a disk that is plugged in: that of the name, or a random one."""
    edits = Edits(world, rng, disk, key)
    edits.scan()
    weights = dict(WEIGHTS, **LOCKS) if world.uid is not None else WEIGHTS
    change = getattr(edits, name or rng.choices(list(weights), list(weights.values()))[0])
    try:
        with world.user():
            change()
    except PermissionError:
        if world.uid is None:
            raise


LOCKS = {"lock": 8, "unlock": 5}


def populate(world, rng):
    """The first contents: most replicas new, some copied by hand."""
    with world.user():
        populate_all(world, rng)


def populate_all(world, rng):
    for key in world.keys():
        for disk in world.disks:
            chance = rng.random()
            if chance < 0.25:
                continue
            edits = Edits(world, rng, disk, key)
            if chance < 0.65 and edits.clone_replica():
                continue
            os.makedirs(edits.top)
            edits.say("mkdir %s", edits.top)
            for _ in range(rng.randrange(7)):
                edits.scan()
                getattr(edits, rng.choice(["new_file", "new_file", "new_file", "new_frames", "new_folder", "new_symlink"]))()
