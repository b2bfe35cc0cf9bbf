"""many.py FOLDER COUNT: writes FOLDER/many.zip with many small members, and FOLDER/many with as many files."""

import os
import sys
import zipfile

folder, count = sys.argv[1], int(sys.argv[2])
os.mkdir(f"{folder}/many")
with zipfile.ZipFile(f"{folder}/many.zip", "w") as out:
    for number in range(count):
        name = f"{number % 100:02d}/{number:06d}.png"
        if number < 100:
            os.mkdir(f"{folder}/many/{number:02d}")
        out.writestr(zipfile.ZipInfo(name), b"x")
        os.close(os.open(f"{folder}/many/{name}", os.O_CREAT | os.O_WRONLY))
