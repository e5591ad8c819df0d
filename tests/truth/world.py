"""A studio on a few disks below a scratch folder: databases, categories, projects."""
import contextlib
import ctypes
import os
import shutil
import subprocess

import names
from grounds import MEMORY, ground
from walk import Tree, OURS, look, names as listed

CATEGORIES = {"footage": b"footage", "render": b"scratch/render", "project": b"project"}
MS_NOSUID = 2
KINDS = ["folder", "tmpfs", "coarse", "rotting"]
GROUNDS = ["coarse", "rotting"]


def libc():
    return ctypes.CDLL(None, use_errno=True)


class Disk:
    """A database: its name, its root, and whether it is plugged in."""

    def __init__(self, name, root):
        self.name, self.root, self.plugged, self.mounted, self.ground = name, root, True, None, MEMORY

    def unplug(self, how, other):
        """how: "away" (no root), "empty" (an empty mount point), "stray" (with a dotfile), "other" (another disk is there)."""
        os.rename(self.root, self.root + b".away")
        self.plugged = False
        if how == "other":
            os.mkdir(self.root)
            subprocess.run([b"cp", b"-a", other.root + b"/" + OURS, self.root + b"/" + OURS], check=True)    # FIFOs too
        elif how != "away":
            os.mkdir(self.root)
            if how == "stray":
                with open(self.root + b"/.DS_Store", "wb"):
                    pass

    def plug(self):
        shutil.rmtree(self.root, ignore_errors=True)
        os.rename(self.root + b".away", self.root)
        self.plugged = True

    def place(self, key):
        """Where a replica lies: key is (category, client, project)."""
        category, client, project = key
        return b"/".join((self.root, CATEGORIES[category], client, project))

    def replicas(self, categories):
        """What is there now: key -> Tree."""
        found = {}
        for category in categories:
            base = self.root + b"/" + CATEGORIES[category]
            for client in self.folders(base):
                for project in self.folders(base + b"/" + client):
                    key = (category, client, project)
                    found[key] = Tree(self.place(key))
        return found

    @staticmethod
    def folders(path):
        if not os.path.isdir(path) or os.path.islink(path):
            return []
        return [name for name in listed(path) or []
                if not name.startswith(OURS) and look(path + b"/" + name).kind == "directory"]


class World:
    """folder: bytes, new, emptied by destroy(). mounts: disks are filesystems of their own (root in a mount namespace). uid: of the
    ordinary user that does it all, so that there can be what cannot be read; the oracle walks as root. None: who runs this.
    """

    def __init__(self, folder, rng, mounts, uid):
        self.mounts = mounts
        self.uid = uid
        self.folder, self.log, self.disks = folder, [], []
        self.about = None    # the replica that is being looked at, for who tells a mismatch
        self.categories = rng.sample(sorted(CATEGORIES), rng.choice([1, 1, 1, 2, 3]))
        for name in rng.sample(["WORK", "STORAGE", "NAS", "USB"], rng.choice([2, 2, 2, 2, 3, 3, 4])):
            self.disks.append(self.make(name, rng.choices(KINDS, [3, 5, 2, 2])[0]))
        self.projects = sorted({(names.project_component(rng), names.project_component(rng)) for _ in range(rng.choice([1, 1, 1, 2, 3]))})

    def make(self, name, kind):
        """kind: of KINDS; where it cannot be had, a plain folder."""
        place = ground(kind, os.path.dirname(os.path.dirname(self.folder)).decode()) if self.mounts and kind in GROUNDS else None
        top = b"/".join((place.mount if place else self.folder, os.path.basename(os.path.dirname(self.folder)), name.encode()))
        os.makedirs(top)
        disk = Disk(name, top + b"/root")
        disk.ground = place or MEMORY
        if self.mounts and kind == "tmpfs" and libc().mount(b"truth", top, b"tmpfs", MS_NOSUID, b"size=200m,mode=755") == 0:
            disk.mounted = top
        self.say(None, "%s: %s", name, kind)
        if self.uid is not None:
            os.chown(top, self.uid, self.uid)
        with self.user():
            os.mkdir(disk.root)
            for category in self.categories:
                os.makedirs(disk.root + b"/" + CATEGORIES[category])
        return disk

    @contextlib.contextmanager
    def user(self):
        """What is done within is done by its user."""
        if self.uid is None:
            yield
            return
        os.setegid(self.uid)
        os.seteuid(self.uid)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(0)

    def keys(self):
        return [(category, client, project) for category in sorted(self.categories) for client, project in self.projects]

    def plugged(self):
        return [disk for disk in self.disks if disk.plugged]

    def disk(self, name):
        return next(disk for disk in self.disks if disk.name == name)

    def say(self, key, text, *values):
        """Note what was done, for a reproduction. key: the replica that it was done to; None: all."""
        self.log.append((key, text % tuple(self.short(value) for value in values)))

    def story(self):
        """What was done to the project that it was about last."""
        return [text for key, text in self.log if key is None or self.about is None or key[1:] == self.about[1:]]

    def short(self, value):
        """A path without the scratch folder, as a Python literal where it has to be one."""
        if isinstance(value, bytes):
            for disk in self.disks:
                if value.startswith(disk.root + b"/"):
                    value = disk.name.encode() + value[len(disk.root):]
            if len(value) > 120:
                value = value[:60] + b"..." + value[-40:]
            return repr(value)[1:]
        return value

    def destroy(self):
        for disk in self.disks:
            if disk.mounted:
                libc().umount2(disk.mounted, 2)
        for top in {self.folder} | {os.path.dirname(os.path.dirname(disk.root)) for disk in self.disks}:
            self.remove(top)

    @staticmethod
    def remove(top):
        for folder, subfolders, _ in os.walk(top):
            os.chmod(folder, 0o700)
            for name in subfolders:
                path = os.path.join(folder, name)
                if not os.path.islink(path):
                    os.chmod(path, 0o700)
        shutil.rmtree(top, ignore_errors=True)
