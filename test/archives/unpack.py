"""unpack.py ARCHIVE FOLDER: extracts a tar or zip archive with Python's own readers."""

import sys
import tarfile
import warnings
import zipfile

archive, folder = sys.argv[1:]
if archive.endswith(".zip"):
    zipfile.ZipFile(archive).extractall(folder)
else:
    warnings.simplefilter("ignore")  # Python 3.12 warns that a later one will refuse links that leave the folder
    with tarfile.open(archive) as file:
        file.extractall(folder)
