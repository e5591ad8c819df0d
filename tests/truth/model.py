"""What may be said of two replicas, from what the disks were when they were last looked at.

The rule is the design's "Sameness: one judge". A digest that the program has taken of a file is called its proof here; it
speaks while the file's size and time stay. When its ctime or inode moves, or its time no further than a disk of coarse times
can tell, the content has to be read: "=" is a lie then unless the contents are equal, and "?" is right until it is read.
Nothing of it is asked of the program: a proof is noted where a copy or a verify must have read the file, with what lstat and reading show at that moment; where nothing has, what
the first look saw stands for it, uncertain: what moved since may be in doubt without a digest too.
"""
from dataclasses import dataclass


@dataclass
class Proof:
    data: bytes
    size: int
    mtime: int
    ctime: int
    ino: int
    certain: bool        # it was read for sure; else perhaps
    young: bool      # taken so soon after a change that another one at the same size and times may not show
    moved: bool = False      # ctime or inode are not those any more
    near: bool = False       # its time moved too little for some disk to tell
    renewed: bool = False    # another content than the one known before was found at the same size and time, or may have been

    def is_about(self, entry):
        return entry is not None and entry.kind == "file" and entry.size == self.size

    def speaks_of(self, entry):
        return self.is_about(entry) and entry.mtime == self.mtime

    def is_near(self, entry):
        """Has its time moved so little that a disk may hold both for one: within FAT's step, or beyond the ends that times have?"""
        if not self.is_about(entry) or not self.size:
            return False
        was, time = self.mtime, entry.mtime
        return abs(was - time) < STEP or max(was, time) < EARLIEST or min(was, time) >= LATEST


STEP = 2 * 10**9
EARLIEST, LATEST = 315532800 * 10**9, 0x7fffffff * 10**9    # 1980, before which FAT has none; 2038, where 32 bits end
ANY = " !+-*=?"    # of what could not be read, and what lies there


def is_unread(tree, path):
    return any(path == folder or path.startswith(folder + b"/") for folder in getattr(tree, "unread", ()))


class Clocks:
    """How two filesystems keep times."""

    def __init__(self, left, right):
        self.left, self.right = left, right
        self.granularity = max(left.granularity, right.granularity)

    def agree(self, l, r):
        return abs(l - r) < self.granularity

    def cannot_tell(self, l, r):
        return self.agree(l, r) or self.may_agree(l, r)

    def may_agree(self, l, r):
        """Is one the other, as its filesystem can keep it: outside of its range it keeps the nearest."""
        return self.right.stored(l) == r or self.left.stored(r) == l


class Model:
    """seen: disk name -> key -> Tree; proofs: disk name -> key -> path -> Proof."""

    def __init__(self, disks, uid=None):
        self.uid, self.grounds = uid, {disk.name: disk.ground for disk in disks}
        self.seen = {disk.name: {} for disk in disks}
        self.proofs = {disk.name: {} for disk in disks}

    def clocks(self, a, b):
        return Clocks(self.grounds[a], self.grounds[b])

    def observe(self, name, trees, keys=None):
        """The program has read these replicas of a disk (keys: of those that it was about; None: all)."""
        for key in keys if keys is not None else set(self.seen[name]) | set(trees):
            if key in trees:
                before = self.seen[name].get(key, {})
                tree = trees[key] if self.uid is None else trees[key].seen_by_its_owner(before)
                self.seen[name][key] = tree
                self.age(self.proofs[name].get(key, {}), tree)
                self.prove(name, key, set(tree.files()) - set(self.proofs[name].get(key, {})), certain=False)
                self.rename(self.proofs[name].get(key, {}), before, tree)
            else:
                self.seen[name].pop(key, None)
                self.proofs[name].pop(key, None)

    @staticmethod
    def age(proofs, tree):
        for path, proof in list(proofs.items()):
            entry = tree.get(path)
            if proof.is_near(entry) and not proof.speaks_of(entry):
                proof.mtime, proof.moved, proof.near = entry.mtime, True, True
            if not proof.speaks_of(entry):
                del proofs[path]
            elif (entry.ctime, entry.ino) != (proof.ctime, proof.ino):
                proof.moved = True

    @staticmethod
    def rename(proofs, before, tree):
        """A file that had another name in its folder may be told by its inode, and is to be read then: its size and time are those of
        what had that name before."""
        def sign(path, entry):
            return path.rpartition(b"/")[0], entry.ino, entry.size, entry.mtime

        known = {sign(path, entry) for path, entry in before.items() if entry.kind == "file" and entry.size}
        for path, proof in proofs.items():
            if path not in before and sign(path, tree[path]) in known:
                proof.moved = proof.renewed = True

    def prove(self, name, key, paths, certain=True):
        """The program has read the contents of these files, as they were seen last."""
        proofs = self.proofs[name].setdefault(key, {})
        for path in paths:
            entry, old = self.seen[name][key][path], proofs.get(path)
            if certain or old is None:
                renewed = old is not None and (old.renewed or old.data != entry.data or old.near and not old.certain)
                proofs[path] = Proof(entry.data, entry.size, entry.mtime, entry.ctime, entry.ino, certain, self.is_coarse(name),
                                     renewed=renewed)
            else:
                old.certain = False

    def doubted(self, name, key):
        """Files of which nobody knows whether they have the content that they had at this size and time before: reading them
        says nothing of copies that were made of that."""
        tree = self.seen[name].get(key, {})
        return {path for path, proof in self.proofs[name].get(key, {}).items()
                if path in tree and (proof.renewed or proof.data != tree[path].data
                                     or proof.moved and (not proof.certain or tree[path].nlink > 1))}    # one of its names is read

    def renew(self, name, key, paths):
        for path in paths:
            if path in self.proofs[name].get(key, {}):
                self.proofs[name][key][path].renewed = True

    def is_coarse(self, name):
        return self.grounds[name].granularity > 1

    def count_unseen(self, name, key, tree=None):
        """Files that were rewritten within the tick in which their digest was taken: no time tells that from damage. tree: what is
        on the disk, where that is not what was seen."""
        tree = self.seen[name][key] if tree is None else tree
        return sum(proof.young and (proof.renewed or proof.data != tree[path].data)
                   for path, proof in self.proofs[name].get(key, {}).items() if path in tree)

    def doubt(self, name, key):
        """The program was ended in the midst of it: nobody knows what it has noted."""
        for proof in self.proofs[name].get(key, {}).values():
            proof.certain = False

    # ---- judging ----

    def signs(self, key, a, b):
        """path -> what compare may say of it with disk a as the reference, as a text of signs; " ": nothing at all."""
        left, right = self.seen[a].get(key, {}), self.seen[b].get(key, {})
        proofs = self.proofs[a].get(key, {}), self.proofs[b].get(key, {}), self.clocks(a, b)
        folders = {path.rsplit(b"/", 1)[0] for tree in (left, right) for path in tree if b"/" in path}
        signs = {path: self.sign(path, left.get(path), right.get(path), folders, proofs) for path in set(left) | set(right)}
        for path in signs:
            if is_unread(left, path) or is_unread(right, path):
                signs[path] = ANY
        return signs

    def sign(self, path, l, r, folders, proofs):
        if l is None or r is None:
            own = l or r
            if own.kind == "directory" and path in folders:    # what is in it says it
                return " "
            return "+" if l else "-"
        if l.kind != r.kind:
            return "*"
        if l.kind == "directory":
            return " ="
        if l.kind == "symlink":
            return "=" if l.data == r.data else "*"
        if l.kind != "file":
            return "="
        return self.files(l, r, proofs[0].get(path), proofs[1].get(path), proofs[2])

    @staticmethod
    def files(l, r, p, q, clocks):
        """p, q: their proofs or None."""
        alike = l.data == r.data
        if l.size != r.size:
            return "*"
        agree = clocks.agree(l.mtime, r.mtime)
        if not clocks.cannot_tell(l.mtime, r.mtime):
            return "*=" if alike else "*"
        moved = [proof for proof in (p, q) if proof and (proof.moved or proof.renewed)]
        if alike:
            return ("=?" if moved else "=") + ("" if agree else "*")
        certain = [proof for proof in (p, q) if proof and proof.certain and (not proof.young or proof.moved)]
        if len(certain) == 2 and not moved:
            return "*"
        if len(certain) == 2 or any(proof.moved for proof in certain):
            return "?*"
        return "=?*"

    def states(self, key, a, b):
        """The words that compare may say of two replicas of which at least one is there."""
        if key not in self.seen[a] or key not in self.seen[b]:
            return {"absent"}
        signs = self.signs(key, a, b).values()
        if any(" " not in sign and not set(sign) & set("=?") for sign in signs):
            return {"differs"}
        unread = any(sign == ANY for sign in signs)
        words = {"same"} if not unread and all(set(sign) & set("= ") for sign in signs) else set()
        if any("?" in sign for sign in signs):
            words.add("incomplete")
        if any("*" in sign for sign in signs):
            words.add("differs")
        return words

    def may_pass_for_same(self, l, r, p, q, clocks):
        """Two files at one path of which nobody can know, without reading, that they are not the same."""
        return l.kind == "file" and r.kind == "file" and "=" in self.files(l, r, p, q, clocks)
