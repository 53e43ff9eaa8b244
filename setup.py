"""The wheel: CMake builds libsnn, and installs it and the module into it. pyproject.toml says the rest.

CMAKE_ARGS has further arguments for CMake, such as -DSNN_BLAS=cblas."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py
from setuptools.command.develop import develop
from setuptools.command.editable_wheel import editable_wheel

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:     # before setuptools 70
    from wheel.bdist_wheel import bdist_wheel

ROOT = pathlib.Path(__file__).resolve().parent
FOLDER = "build-python"     # build/ is CMake's


class Binary(Distribution):
    def has_ext_modules(self):
        return True


class Build(build_py):
    """The package as CMake installs it, with the libraries in it."""

    def run(self):
        out = pathlib.Path(self.build_lib).resolve()
        work = pathlib.Path(self.get_finalized_command("build").build_temp).resolve()
        shutil.rmtree(out / "snn", ignore_errors=True)
        settings = {"CMAKE_BUILD_TYPE": "Release", "CMAKE_INSTALL_PREFIX": out, "CMAKE_INSTALL_LIBDIR": "snn",
                    "SNN_PYTHON": "ON", "SNN_PYTHON_DIR": ".", "Python3_EXECUTABLE": sys.executable,
                    "BUILD_SHARED_LIBS": "ON", "SNN_TOOL": "OFF", "SNN_EXAMPLES": "OFF", "SNN_TESTS": "OFF",
                    "SNN_MPI": "OFF"}     # a wheel does not know the MPI of the machine it gets to
        os.environ.setdefault("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1))
        cmake("-S", ROOT, "-B", work, *(f"-D{name}={value}" for name, value in settings.items()),
              *shlex.split(os.environ.get("CMAKE_ARGS", "")))
        cmake("--build", work)
        cmake("--install", work, "--component", "python")
        cmake("--install", work, "--component", "libraries", "--strip")
        for link in [file for file in (out / "snn").iterdir() if file.is_symlink()]:    # a wheel has no links
            link.resolve().replace(link)


class Wheel(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]     # ctypes needs no interface of one version


def refuse(_command):
    sys.exit("snn has no editable install, whose library would grow old: build it (cmake -S . -B build && "
             "cmake --build build) and set PYTHONPATH=src/python SNN_LIBRARY=build/lib/libsnn.so, or install a copy: "
             "pip install .")


def cmake(*arguments):
    if shutil.which("cmake") is None:
        sys.exit("building libsnn needs CMake 3.22 or later, a C11 compiler, zlib and Jansson (Debian: cmake gcc "
                 "pkg-config zlib1g-dev libjansson-dev)")
    if subprocess.run(["cmake", *arguments], check=False).returncode != 0:
        sys.exit("libsnn was not built: CMake says why above")


def version():
    header = (ROOT / "include" / "snn" / "version.h").read_text(encoding="ascii")
    return re.search(r'SNN_VERSION_STRING "(.*?)"', header)[1]


(ROOT / FOLDER).mkdir(exist_ok=True)
setup(version=version(), license="MIT", distclass=Binary,
      cmdclass={"build_py": Build, "bdist_wheel": Wheel, "develop": type("Refused", (develop,), {"run": refuse}),
                "editable_wheel": type("Refused", (editable_wheel,), {"run": refuse})},
      options={"build": {"build_base": FOLDER}, "egg_info": {"egg_base": FOLDER}})
