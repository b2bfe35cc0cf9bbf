"""shards.py ARCHIVE TREE: writes the PNG and JPEG files in a tree as a shard of WebDataset, with a class and JSON for each."""

import os
import sys
from pathlib import Path

from webdataset import ShardWriter

archive, tree = sys.argv[1:]
files = sorted(path for path in Path(tree).rglob("*") if path.suffix in (".png", ".jpg") and path.is_file())
with ShardWriter(f"{archive}.%d", maxcount=len(files), verbose=0, compress=archive.endswith("gz")) as writer:
    for number, path in enumerate(files):
        key = f"{number:06d}" if number % 2 else f"folder {number}/{number:06d}"
        writer.write({"__key__": key, path.suffix[1:]: path.read_bytes(), "cls": number, "json": {"a": number}})
os.rename(f"{archive}.0", archive)
