"""Filesystems to put disks on, made once for each process: in memory, and ext4 in an image, with times to the second or with content
that can be changed behind the kernel's back. Needs root in a mount namespace of this run's own.
"""
import array
import ctypes
import fcntl
import os
import struct
import subprocess

FS_IOC_FIEMAP = 0xC020660B
SECOND = 10**9
OLDEST = -2**31 * SECOND


class Ground:
    """mount: its folder (bytes); image: the file that it lies in; granularity of its times in ns."""

    def __init__(self, mount, image, granularity):
        self.mount, self.image, self.granularity = mount, image, granularity

    def stored(self, mtime):
        """The time that it keeps when it is given this one."""
        if self.granularity < SECOND:    # the kernel drops the rest of a second at the end of what ext4 keeps
            return mtime if mtime >= OLDEST + SECOND else OLDEST
        return max(-2**31, min(2**31 - 1, mtime // SECOND)) * SECOND

    def rot(self, path):
        """Change a byte of a file's first extent where it lies: no time moves. True when it is another content now."""
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            os.fsync(fd)
            place = first_extent(fd)
            if not place:
                return False
            before = os.pread(fd, 4096, 0)
            image = os.open(self.image, os.O_RDWR)
            byte = os.pread(image, 1, place)
            os.pwrite(image, bytes([byte[0] ^ 0x55]), place)
            os.close(image)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            return os.pread(fd, 4096, 0) != before
        finally:
            os.close(fd)


def first_extent(fd):
    """Where the file's first byte lies in its image; 0: nowhere that is known."""
    request = array.array("B", struct.pack("=QQLLLL", 0, 2**64 - 1, 1, 0, 1, 0) + bytes(56))
    fcntl.ioctl(fd, FS_IOC_FIEMAP, request)
    count = struct.unpack_from("=L", request, 20)[0]
    logical, physical, _, _, _, flags = struct.unpack_from("=QQQQQL", request, 32)
    return physical if count and not logical and not flags & ~1 else 0    # 1: the last one


MEMORY = Ground(None, None, 1)
made = {}    # kind -> Ground of this process; None: it cannot be made here


def make(kind, inode, granularity, folder):
    mount = os.path.join(folder, "%s-%d" % (kind, os.getpid()))
    image = mount + ".img"
    os.mkdir(mount)
    with open(image, "wb") as file:
        file.truncate(96 << 20)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        subprocess.run(["mkfs.ext4", "-q", "-b", "4096", "-I", inode, "-O", "^inline_data", "-E", "lazy_itable_init=1", image], check=True, **quiet)
        subprocess.run(["mount", "-o", "loop", image, mount], check=True, **quiet)
    except (OSError, subprocess.CalledProcessError):
        return None
    return Ground(mount.encode(), image, granularity)


def ground(kind, folder):
    """The process's filesystem "coarse" or "rotting", or None."""
    if kind not in made:
        inode, granularity = {"coarse": ("128", SECOND), "rotting": ("256", 1)}[kind]
        made[kind] = make(kind, inode, granularity, folder)
    return made[kind]


def unmount_all():
    for place in made.values():
        if place:
            ctypes.CDLL(None).umount2(place.mount, 2)
    made.clear()
