"""Packs a tree with Python's own writers.

pack.py HOW ARCHIVE TREE LIST OTHER TWICE: LIST has the names in TREE, each ended by a NUL; OTHER/TWICE is packed before them.
"""

import os
import sys
import tarfile
import zipfile

TAR_FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


class CP437(zipfile.ZipInfo):
    """A member whose name is in code page 437, as DOS has it, or in UTF-8 if that lacks a character, such as a line feed."""

    def _encodeFilenameFlags(self):
        try:
            if self.filename.isprintable():
                return self.filename.encode("cp437"), self.flag_bits & ~0x800
        except UnicodeEncodeError:
            pass
        return self.filename.encode(), self.flag_bits | 0x800


class Pipe:
    """A file that cannot seek, so that zipfile writes sizes behind the bytes."""

    def __init__(self, file):
        self.write, self.flush = file.write, file.flush


def tar(how, archive, members):
    form, _, compression = how.partition(".")
    with tarfile.open(archive, f"w:{compression}", format=TAR_FORMATS[form]) as out:
        for path, name in members:
            try:
                out.add(path, name, recursive=False)
            except ValueError:  # ustar cannot hold the name
                pass


def zip_(how, archive, members):
    with open(archive, "wb") as file:
        with zipfile.ZipFile(Pipe(file) if how == "streamed" else file, "w") as out:
            for path, name in members:
                if os.path.isfile(path) and not any("\udc80" <= char <= "\udcff" for char in name):
                    add(out, how, path, name)


def add(out, how, path, name):
    info = (CP437 if how == "cp437" else zipfile.ZipInfo)(name)
    if how == "cp437":
        info.create_system = 0
    info.compress_type = zipfile.ZIP_STORED if how in ("stored", "cp437") else zipfile.ZIP_DEFLATED
    with open(path, "rb") as source, out.open(info, "w", force_zip64=how == "zip64") as target:
        target.write(source.read())


def main(how, archive, tree, names, other, twice):
    with open(names, "rb") as file:
        listed = [os.fsdecode(name) for name in file.read().split(b"\0")[:-1]]
    members = [(f"{other}/{twice}", twice)] + [(f"{tree}/{name}", name) for name in listed]
    (tar if how.partition(".")[0] in TAR_FORMATS else zip_)(how, archive, members)


main(*sys.argv[1:])
