"""pyproject.toml, setup.py and what they stand for agree: every package of the module, the version of the headers.

Skipped (77) without tomllib (Python 3.11). The environment names the sources: SNN_SOURCE."""

import os
import pathlib
import re
import sys

SOURCE = pathlib.Path(os.environ["SNN_SOURCE"])


def main():
    try:
        import tomllib
    except ImportError:
        print("no tomllib here: skipped")
        sys.exit(77)
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))
    packages = sorted(".".join(file.parent.relative_to(SOURCE / "src" / "python").parts)
                      for file in (SOURCE / "src" / "python").rglob("__init__.py"))
    assert project["tool"]["setuptools"]["packages"] == packages, packages
    assert project["project"]["readme"] == "README.md" and (SOURCE / "README.md").exists()
    minimum = re.search(r"find_package\(Python3 (\S+)", (SOURCE / "cmake" / "python.cmake").read_text("utf-8"))[1]
    assert project["project"]["requires-python"] == f">={minimum}", minimum
    for line in (SOURCE / "MANIFEST.in").read_text(encoding="utf-8").splitlines():
        if line.startswith(("include ", "graft ")):
            for name in line.split()[1:]:
                assert (SOURCE / name).exists(), f"MANIFEST.in names {name}, which is not there"


main()
