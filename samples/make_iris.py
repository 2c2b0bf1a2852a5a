"""Makes the small sample model that Slipway bundles: scikit-learn's iris data, saved by MLflow with an input example.

usage: python make_sample.py OUT   (Python 3.11, mlflow 3.17.2, scikit-learn)
"""

import json
import os
import pathlib
import re
import shutil
import sys

os.environ["MLFLOW_TRACKING_URI"] = "sqlite:////tmp/slipway-sample-unused.db"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

import mlflow
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

out = pathlib.Path(sys.argv[1])
features, species = load_iris(return_X_y=True, as_frame=True)
model = LogisticRegression(max_iter=200).fit(features, species)
shutil.rmtree(out, ignore_errors=True)
mlflow.sklearn.save_model(
    model,
    str(out),
    input_example=features.iloc[[0, 60, 120]].reset_index(drop=True),
    signature=infer_signature(features, model.predict(features)),
)

# Nothing in the directory may tell where it was made: look at every byte.
for path in sorted(out.rglob("*")):
    if path.is_file():
        data = path.read_bytes()
        for word in (b"/tmp", b"/root", b"/home", b"/work", b"pyenv/", os.uname().nodename.encode()):
            if word in data:
                sys.exit(f"{path}: contains {word!r}")
