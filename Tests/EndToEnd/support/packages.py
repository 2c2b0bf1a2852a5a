"""Tiny packages that no index has: a wheel, sources in C, a git repository."""

import io
import os
import tarfile
import zipfile

from support.processes import run

C_MODULE = """
#include <Python.h>
static PyObject *twice(PyObject *self, PyObject *value) {
    return PyFloat_FromDouble(2 * PyFloat_AsDouble(value));
}
static PyMethodDef methods[] = {{"twice", twice, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "compiledlib", NULL, -1, methods};
PyMODINIT_FUNC PyInit_compiledlib(void) { return PyModule_Create(&module); }
"""
SETUP = """
from setuptools import Extension, setup
setup(name="compiledlib", version="1.0", ext_modules=[Extension("compiledlib", ["compiledlib.c"])])
"""


def wheel(folder, name, version, code):
    """A pure-Python wheel of one module."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    metadata = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": code,
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{metadata}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{metadata}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


def compiled_sources(folder):
    """An sdist that nobody made a wheel of."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "compiledlib-1.0.tar.gz"
    files = {
        "setup.py": SETUP, "compiledlib.c": C_MODULE,
        "PKG-INFO": "Metadata-Version: 2.1\nName: compiledlib\nVersion: 1.0\n",
    }
    with tarfile.open(path, "w:gz") as archive:
        for file, text in files.items():
            member = tarfile.TarInfo(f"compiledlib-1.0/{file}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def git_repository(folder, name, version, code):
    """A bare repository as a plain web server can serve it."""
    sources = folder / f"{name}-sources"
    sources.mkdir(parents=True)
    (sources / f"{name}.py").write_text(code)
    (sources / "setup.py").write_text(
        f'from setuptools import setup\nsetup(name="{name}", version="{version}", py_modules=["{name}"])\n')
    environment = os.environ | {
        f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "test"), ("EMAIL", "test@example.com"))}
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        run("git", "-C", sources, *command, env=environment)
    bare = folder / f"{name}.git"
    run("git", "clone", "-q", "--bare", sources, bare)
    run("git", "-C", bare, "update-server-info")
    return bare
