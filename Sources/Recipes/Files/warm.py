"""Imports what the server will import, while the byte code can still be written: its user cannot.

Compiling all that was installed takes twice as long and makes the image a fifth larger.
"""
import importlib
import os
import re
import sys
import threading

# An import that never ends costs start-up time, not the build.
limit = threading.Timer(60, os._exit, (0,))
limit.daemon = True
limit.start()


def names(*path):
    """The names of what the lines of a file require, if there is one."""
    try:
        with open(os.path.join(*path)) as lines:
            found = [re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line) for line in lines]
    except FileNotFoundError:
        return []
    return [re.sub(r"[-_.]+", "-", match.group()).lower() for match in found if match]


def packages(name):
    """The import names of a distribution."""
    from importlib.metadata import distribution

    for file in distribution(name).files or []:
        if len(file.parts) == 2 and file.name == "__init__.py":
            yield file.parts[0]


def warm(modules):
    try:
        for module in modules():
            importlib.import_module(module)
    except BaseException:
        pass  # what cannot be imported shows when the image is tried


here, locked = sys.argv[1:]
# An earlier layer has the byte code of these.
warmed = names(locked, "warmed")
if not warmed:
    warm(lambda: ["mlflow.pyfunc.scoring_server", "uvicorn.main"])
for name in names(here, "warm") or names(here, "requirements.txt"):
    if name not in warmed:
        warm(lambda: packages(name))
os._exit(0)
