"""What a model itself answers, to compare images with."""

import json
import os
import pathlib
import sys

import mlflow
import numpy
import requests

from support.processes import Background, free_port


def serving_example(folder):
    """The saved input example as /invocations takes it."""
    return (pathlib.Path(folder) / "serving_input_example.json").read_bytes()


def own_predictions(folder):
    """What the model predicts for its saved input example when it is loaded here."""
    model = mlflow.pyfunc.load_model(str(folder))
    return flat(model.predict(model.input_example))


def flat(predictions):
    """Predictions as one list of numbers, whatever they came in."""
    if isinstance(predictions, list) and predictions and isinstance(predictions[0], dict):
        predictions = [list(row.values()) for row in predictions]
    return [float(value) for value in numpy.asarray(predictions).ravel()]


def served_predictions(answer):
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content)["predictions"]


class ModelServer:
    """`mlflow models serve` with the model's own MLflow: what an image's answers are measured by."""

    def __init__(self, folder, log):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        mlflow_command = pathlib.Path(sys.executable).parent / "mlflow"
        environment = os.environ | {"PATH": f"{mlflow_command.parent}:{os.environ['PATH']}"}
        self.server = Background(
            [mlflow_command, "models", "serve", "-m", folder, "--env-manager", "local", "-h", "127.0.0.1",
             "-p", port], log, environment, group=True)

    def wait_ready(self):
        def answers():
            try:
                return self.request("GET", "/ping").status_code == 200
            except requests.ConnectionError:
                return False
        self.server.wait_ready(answers, "mlflow models serve", 120)
        return self

    def request(self, method, path, **options):
        return requests.request(method, self.url + path, timeout=60, **options)

    def stop(self):
        self.server.stop()
