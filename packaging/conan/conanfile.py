"""Recipe of libsnn for Conan 2, of the tree that it lies in: conan create packaging/conan --build=missing"""

import os
import re

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.gnu import PkgConfigDeps


class SnnRecipe(ConanFile):
    name = "libsnn"
    license = "MIT"
    description = "Spiking neural networks, trainable and runnable wherever a C compiler runs"
    topics = ("spiking neural networks", "machine learning")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "events": [True, False], "images": [True, False],
               "nir": [True, False], "tool": [True, False]}
    default_options = {"shared": False, "events": False, "images": False, "nir": False, "tool": False}
    languages = "C"

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        header = load(self, os.path.join(self._root, "include", "snn", "version.h"))
        self.version = re.search(r"SNN_VERSION_STRING \"([0-9.]+)\"", header).group(1)

    def export_sources(self):
        for name in ("CMakeLists.txt", "snn.pc.in", "LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "cmake/*",
                     "include/*", "lib/*", "src/*", "tests/bench/torch/*", "docs/site/*"):
            copy(self, name, self._root, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("zlib/[>=1.2.11 <2]")
        self.requires("jansson/[>=2.10 <3]")
        if self.options.events:
            self.requires("libarchive/[>=3.3 <4]")
            self.requires("lz4/[>=1.9 <2]")
            self.requires("zstd/[>=1.4 <2]")
        if self.options.images:
            self.requires("libjpeg-turbo/[>=2.0 <4]")
            self.requires("libpng/[>=1.6 <2]")
        if self.options.events or self.options.nir:
            self.requires("hdf5/[>=1.10 <2]")

    def build_requirements(self):
        self.tool_requires("pkgconf/[>=1.9 <3]")

    def generate(self):
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()
        toolchain = CMakeToolchain(self)
        # The targets of CMakeDeps are empty in any other configuration, and so in checks that link.
        toolchain.cache_variables["CMAKE_TRY_COMPILE_CONFIGURATION"] = str(self.settings.build_type)
        toolchain.cache_variables["SNN_EVENTS"] = "ON" if self.options.events else "OFF"
        toolchain.cache_variables["SNN_IMAGES"] = "ON" if self.options.images else "OFF"
        toolchain.cache_variables["SNN_NIR"] = "ON" if self.options.nir else "OFF"
        toolchain.cache_variables["SNN_MPI"] = "OFF"      # that of the machine: no package has it
        toolchain.cache_variables["SNN_TOOL"] = bool(self.options.tool)
        toolchain.cache_variables["SNN_PYTHON"] = "OFF"
        toolchain.cache_variables["SNN_TESTS"] = "OFF"
        toolchain.cache_variables["SNN_EXAMPLES"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        for folder in ("lib/cmake", "lib/pkgconfig", "share/doc"):
            rmdir(self, os.path.join(self.package_folder, folder))

    def package_info(self):
        kind = "shared" if self.options.shared else "static"
        self.cpp_info.set_property("cmake_file_name", "snn")
        core = self.cpp_info.components["core"]
        core.libs = ["snn"]
        core.requires = ["zlib::zlib", "jansson::jansson"]
        core.set_property("cmake_target_name", f"snn::{kind}")
        core.set_property("pkg_config_name", "snn")
        if self.settings.os == "Linux":
            core.system_libs = ["m", "pthread"]
        if not self.options.shared:
            core.defines = ["SNN_STATIC"]
        needs = {"events": ["libarchive::libarchive", "lz4::lz4", "zstd::zstd", "hdf5::hdf5"],
                 "images": ["libjpeg-turbo::jpeg", "libpng::libpng"], "nir": ["hdf5::hdf5"]}
        for name, requires in needs.items():
            if self.options.get_safe(name):
                part = self.cpp_info.components[name]
                part.libs = [f"snn-{name}"]
                part.requires = ["core", *requires]
                part.set_property("cmake_target_name", f"snn::{name}")
                part.set_property("pkg_config_name", f"snn-{name}")
