"""Unpacks parts of a wheel: unpack.py WHEEL FOLDER PREFIX..., where no prefix means everything."""

import sys
import zipfile
from pathlib import Path

wheel, folder, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        if member.is_dir() or not member.filename.startswith(tuple(prefixes or [""])):
            continue
        path = archive.extract(member, folder)
        # zipfile drops the permissions, and CUDA's wheels carry programs.
        mode = member.external_attr >> 16 & 0o777
        if mode:
            Path(path).chmod(mode)
