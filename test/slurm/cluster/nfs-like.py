#!/usr/bin/python3
"""A folder as an NFS client sees it (v3/v4 without delegations), for tests where the kernel has no NFS: python3-fusepy, fuse3, /dev/fuse.

nfs-like.py BACKING MOUNT [--attr 3] [--names 30] [--dirty 30] [--skew 0]     in the foreground; SIGTERM or `umount MOUNT` ends it

Two mounts of one BACKING are two machines. What is modelled, each bounded by its seconds:
  --attr   size and times that were looked at are believed for so long; open() asks anew (close-to-open); what is read ends at the believed size
  --names  that a name is not there, and what a folder lists, is believed for so long
  --dirty  what was written reaches the server after so long, or by fsync or close
  O_APPEND the place is asked for when the write is made, not when it reaches the server: two machines that append write over each other
  --skew   the server's clock is so many seconds ahead: times of files are its clock's
link(), rename(), mkdir() and O_EXCL are the server's, and so are atomic, as with NFS. Not modelled: stale pages, locks, silly renames.
"""
import argparse, errno, os, threading, time
from fusepy import FUSE, FuseOSError, Operations


class Client(Operations):
    def __init__(self, root, attr, names, dirty, skew):
        self.root, self.attr, self.names, self.delay, self.skew = os.path.realpath(root), attr, names, dirty, skew
        self.guard = threading.RLock()
        self.known, self.absent, self.listed = {}, {}, {}  # path -> (when, value)
        self.dirty = {}  # path -> [(offset, bytes)], with a timer beside it
        self.appends = set()  # handles

    def real(self, path): return os.path.join(self.root, path.lstrip("/"))

    def forget(self, *paths):
        for path in paths:
            self.known.pop(path, None); self.absent.pop(path, None); self.listed.pop(os.path.dirname(path), None)

    # ---- attributes and names
    def asked(self, path):
        try: st = os.lstat(self.real(path))
        except OSError as error:
            self.known.pop(path, None)
            if error.errno == errno.ENOENT: self.absent[path] = time.monotonic()
            raise FuseOSError(error.errno)
        value = {key: getattr(st, key) for key in ("st_mode", "st_nlink", "st_uid", "st_gid", "st_size", "st_ino", "st_blocks")}
        value.update({key: getattr(st, key) + self.skew for key in ("st_atime", "st_mtime", "st_ctime")})
        self.known[path] = (time.monotonic(), value); self.absent.pop(path, None)
        return value

    def own_end(self, path): return max((offset + len(data) for offset, data in self.dirty.get(path, [])), default=0)

    def getattr(self, path, fh=None):
        with self.guard:
            now = time.monotonic()
            if path in self.known and now - self.known[path][0] < self.attr: value = self.known[path][1]
            elif path in self.absent and now - self.absent[path] < self.names: raise FuseOSError(errno.ENOENT)
            else: value = self.asked(path)
            return {**value, "st_size": max(value["st_size"], self.own_end(path))}

    def readdir(self, path, fh):
        with self.guard:
            if path not in self.listed or time.monotonic() - self.listed[path][0] >= self.names: self.listed[path] = (time.monotonic(), os.listdir(self.real(path)))
            return [".", "..", *self.listed[path][1]]

    # ---- data
    def flushed(self, path):
        with self.guard:
            for offset, data in self.dirty.pop(path, []):
                fd = os.open(self.real(path), os.O_WRONLY)
                try: os.pwrite(fd, data, offset)
                finally: os.close(fd)
            try: self.asked(path)
            except FuseOSError: pass

    def later(self, path):
        try: self.flushed(path)
        except OSError: pass

    def open(self, path, flags):
        with self.guard:
            self.asked(path)
            fd = os.open(self.real(path), flags & ~os.O_APPEND)
            if flags & os.O_APPEND: self.appends.add(fd)
            if flags & os.O_TRUNC: self.dirty.pop(path, None); self.asked(path)
            return fd

    def create(self, path, mode, fi=None):
        with self.guard:
            # libfuse's high level hands no flags over here; the kernel has looked the name up before, and made O_EXCL an error where it was there.
            fd = os.open(self.real(path), os.O_RDWR | os.O_CREAT, mode)
            self.forget(path); self.asked(path)
            self.appends.add(fd)
            return fd

    def read(self, path, size, offset, fh):
        with self.guard:
            end = self.getattr(path)["st_size"]
            data = bytearray(os.pread(fh, max(0, min(size, end - offset)), offset))
            for place, text in self.dirty.get(path, []):
                if place < offset + size and place + len(text) > offset:
                    if len(data) < place + len(text) - offset: data.extend(b"\0" * (min(size, place + len(text) - offset) - len(data)))
                    start = max(place, offset); stop = min(place + len(text), offset + size)
                    data[start - offset:stop - offset] = text[start - place:stop - place]
            return bytes(data)

    def write(self, path, data, offset, fh):
        with self.guard:
            if fh in self.appends and offset != 0 or fh in self.appends and os.fstat(fh).st_size > 0: offset = max(os.fstat(fh).st_size, self.own_end(path))
            if path not in self.dirty:
                self.dirty[path] = []
                timer = threading.Timer(self.delay, self.later, [path]); timer.daemon = True; timer.start()
            self.dirty[path].append((offset, data))
            return len(data)

    def truncate(self, path, length, fh=None):
        with self.guard: self.flushed(path); os.truncate(self.real(path), length); self.asked(path)

    def flush(self, path, fh): self.flushed(path); return 0
    def fsync(self, path, datasync, fh): self.flushed(path); os.fsync(fh); return 0
    def fsyncdir(self, path, datasync, fh): return 0

    def release(self, path, fh):
        with self.guard: self.flushed(path); self.appends.discard(fh); os.close(fh)
        return 0

    # ---- the server's own, at once
    def changed(self, act, *paths):
        with self.guard:
            try: return act()
            except OSError as error: raise FuseOSError(error.errno)
            finally: self.forget(*paths)

    def rename(self, old, new):
        with self.guard:
            self.flushed(old)
            self.dirty.pop(new, None)
            return self.changed(lambda: os.rename(self.real(old), self.real(new)), old, new)
    def unlink(self, path): self.dirty.pop(path, None); return self.changed(lambda: os.unlink(self.real(path)), path)
    def link(self, target, source): return self.changed(lambda: os.link(self.real(source), self.real(target), follow_symlinks=False), target, source)
    def symlink(self, target, source): return self.changed(lambda: os.symlink(source, self.real(target)), target)
    def readlink(self, path): return os.readlink(self.real(path))
    def mkdir(self, path, mode): return self.changed(lambda: os.mkdir(self.real(path), mode), path)
    def rmdir(self, path): return self.changed(lambda: os.rmdir(self.real(path)), path)
    def chmod(self, path, mode): return self.changed(lambda: os.chmod(self.real(path), mode), path)
    def chown(self, path, uid, gid): return self.changed(lambda: os.chown(self.real(path), uid, gid), path)
    def utimens(self, path, times=None):
        given = None if times is None else tuple(each - self.skew for each in times)
        return self.changed(lambda: os.utime(self.real(path), given), path)
    def access(self, path, mode):
        if not os.access(self.real(path), mode) and not self.dirty.get(path): raise FuseOSError(errno.EACCES if os.path.lexists(self.real(path)) else errno.ENOENT)
    def statfs(self, path):
        st = os.statvfs(self.real(path))
        return {key: getattr(st, key) for key in ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_favail", "f_ffree", "f_files", "f_flag", "f_frsize", "f_namemax")}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("backing"); parser.add_argument("mount")
    for name, default in (("attr", 3), ("names", 30), ("dirty", 30), ("skew", 0)): parser.add_argument(f"--{name}", type=float, default=default)
    given = parser.parse_args()
    FUSE(Client(given.backing, given.attr, given.names, given.dirty, given.skew), given.mount, foreground=True, nothreads=False, direct_io=True, attr_timeout=0, entry_timeout=0, negative_timeout=0, allow_other=True, use_ino=True, default_permissions=True, fsname="nfs-like")
