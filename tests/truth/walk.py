"""Walking the disks: what is there, by lstat and by reading it. Nothing is remembered here."""
import hashlib
import os
import stat
from typing import NamedTuple

OURS = b".autobackup"    # the program's own names: its folder at a root, and its temps


class Entry(NamedTuple):
    kind: str          # "file", "directory", "symlink", "fifo", "socket", "device"
    size: int          # of a file, else 0
    mtime: int         # ns
    ctime: int         # ns
    ino: int
    mode: int
    nlink: int
    owner: tuple
    data: bytes        # a file's content as a hash, a symlink's target; None: it cannot be read

    def same_content(self, other):
        """Is it that file, with that content?"""
        return other is not None and (self.kind, self.size, self.mtime, self.ino, self.data) == \
            (other.kind, other.size, other.mtime, other.ino, other.data)

    def same_thing(self, other):
        """Was it touched by nobody? Links to it elsewhere may have come and gone."""
        if other is None or self.kind != other.kind:
            return False
        if self.kind == "directory":
            return self.ino == other.ino and self.mode == other.mode
        return (self.size, self.mtime, self.ino, self.mode, self.data) == \
            (other.size, other.mtime, other.ino, other.mode, other.data)


KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
         stat.S_IFBLK: "device", stat.S_IFCHR: "device"}


def digest(data):
    return hashlib.blake2b(data, digest_size=16).digest()


def read(path):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError:
        return None
    with open(fd, "rb", buffering=0) as file:
        return digest(file.read())


def look(path):
    """The entry at a path, or None."""
    try:
        st = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    kind, data = KINDS[stat.S_IFMT(st.st_mode)], b""
    if kind == "file":
        data = read(path)
    elif kind == "symlink":
        data = os.readlink(path)
    return Entry(kind, st.st_size if kind == "file" else 0, st.st_mtime_ns, st.st_ctime_ns, st.st_ino, st.st_mode, st.st_nlink,
                 (st.st_uid, st.st_gid), data)


def names(path):
    """The names in a folder; None when it cannot be listed."""
    try:
        return sorted(os.listdir(path))
    except PermissionError:
        return None
    except FileNotFoundError:
        return []


class Tree(dict):
    """What lies below a folder: relative path -> Entry. unread: the folders that could not be listed."""

    def __init__(self, top, skip=lambda name: name.startswith(OURS)):
        super().__init__()
        self.unread, self.top = set(), look(top)
        self.add(top, b"", skip)

    def add(self, folder, inside, skip):
        listed = names(folder)
        if listed is None:
            self.unread.add(inside)
        for name in listed or []:
            if skip(name):
                continue
            path, place = folder + b"/" + name, inside + b"/" + name if inside else name
            try:
                entry = look(path)
            except PermissionError:
                entry = None
                self.unread.add(inside)
            if entry is None:
                continue
            self[place] = entry
            if entry.kind == "directory":
                self.add(path, place, skip)

    def seen_by_its_owner(self, known):
        """The same without what lies below folders that their owner cannot read: of these stays what was known (a Tree or {})."""
        closed = {path for path, entry in self.items() if entry.kind == "directory" and entry.mode & 0o500 != 0o500}
        tree = Tree.__new__(Tree)
        tree.top, tree.unread = self.top, closed
        for part, is_kept in ((self, False), (known, True)):
            for path, entry in part.items():
                if any(path.startswith(folder + b"/") for folder in closed) == is_kept:
                    tree[path] = entry
        return tree

    def files(self):
        return {path: entry for path, entry in self.items() if entry.kind == "file"}


Tree.NONE = Tree(b"/nonexistent/autobackup-truth")


def everything(root):
    """All below a database's root, the program's own included."""
    return Tree(root, lambda name: False)


def contents(tree):
    """The contents that a database holds somewhere, in names or in versions; no temps, which are nobody's."""
    return {entry.data for path, entry in tree.items()
            if entry.kind == "file" and entry.size and not path.rsplit(b"/", 1)[-1].startswith(OURS + b"-")
            and not path.startswith(tuple(OURS + b"/" + name for name in (b"operations", b"lock", b"holder", b"database")))}
