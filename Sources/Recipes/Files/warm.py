"""Imports what the server will import, while the byte code can still be written: its user cannot.

Compiling all that was installed takes twice as long and makes the image a fifth larger.
"""
import importlib
import os
import re
import threading

# An import that never ends costs start-up time, not the build.
limit = threading.Timer(60, os._exit, (0,))
limit.daemon = True
limit.start()


def packages(requirement):
    """The import names of the distribution that a requirement names."""
    from importlib.metadata import distribution

    name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    for file in (distribution(name.group()).files or []) if name else []:
        if len(file.parts) == 2 and file.name == "__init__.py":
            yield file.parts[0]


def warm(modules):
    try:
        for module in modules():
            importlib.import_module(module)
    except BaseException:
        pass  # what cannot be imported shows when the image is tried


warm(lambda: ["mlflow.pyfunc.scoring_server", "uvicorn.main"])
with open(os.path.join(os.path.dirname(__file__), "requirements.txt")) as lines:
    for line in lines:
        warm(lambda: packages(line))
os._exit(0)
