"""A real MLflow server with a real scikit-learn model."""

import os
import pathlib
import sys

import mlflow
import pandas
import requests
from mlflow import MlflowClient
from sklearn.linear_model import LinearRegression

from support.processes import PROJECT, Background, free_port

MODEL = "sums"
MANY = "many versions"
REQUIREMENTS = PROJECT / "samples" / "iris" / "requirements.txt"
_BIN = pathlib.Path(sys.executable).parent


class Registry:
    """MLflow's own server over SQLite, which hands out the artifacts itself."""

    def __init__(self, work):
        self.root = work / "mlflow"
        self.root.mkdir()
        self.url = f"http://127.0.0.1:{free_port()}"
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        self.server = Background(
            [_BIN / "mlflow", "server", "--host", "127.0.0.1", "--port", self.url.rpartition(":")[2],
             "--backend-store-uri", f"sqlite:///{self.root}/mlflow.db",
             "--artifacts-destination", self.root / "artifacts", "--workers", "1"],
            self.root / "server.log", environment, group=True)

    def wait_ready(self):
        self.server.wait_ready(self._answers, "mlflow server", 120)
        mlflow.set_tracking_uri(self.url)
        return self

    def _answers(self):
        try:
            return requests.get(f"{self.url}/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def stop(self):
        self.server.stop()

    def register(self):
        """Two versions of one model with the same packages, and a model with many versions."""
        client = MlflowClient()
        first = self.log_sums(1.0)
        self.log_sums(2.0)
        client.set_registered_model_alias(MODEL, "champion", "1")
        client.transition_model_version_stage(MODEL, "1", "Production")
        client.create_registered_model(MANY)
        for _ in range(11):
            client.create_model_version(MANY, first.model_uri, model_id=first.model_id)

    def log_sums(self, slope, *more_requirements):
        """Registers a next version of the model, which requires some more."""
        inputs = pandas.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [3.0, 1.0, 4.0, 2.0]})
        model = LinearRegression().fit(inputs, slope * inputs.a + inputs.b)
        with mlflow.start_run():
            return mlflow.sklearn.log_model(
                model, name="model", registered_model_name=MODEL, input_example=inputs.head(2),
                # What MLflow would infer, were pytest not installed beside it.
                pip_requirements=[*REQUIREMENTS.read_text().split(), *more_requirements])

    def log(self, name, log_model):
        """Registers the model that a function of MLflow's logs."""
        with mlflow.start_run():
            log_model(name="model", registered_model_name=name)
        return self.model_folder(1, name)

    def register_folder(self, name, folder):
        """Registers a model directory as it is, which MLflow's own functions would not all write."""
        client = MlflowClient()
        run = client.create_run("0")
        client.log_artifacts(run.info.run_id, str(folder), "model")
        try:
            client.create_registered_model(name)
        except mlflow.MlflowException as error:
            assert error.error_code == "RESOURCE_ALREADY_EXISTS", error
        source = f"{run.info.artifact_uri}/model"
        return client.create_model_version(name, source, run_id=run.info.run_id).version

    def model_folder(self, version, model=MODEL):
        """A version's files, fetched by MLflow's own client."""
        target = self.root / "downloads" / model / str(version)
        if not target.exists():
            target.mkdir(parents=True)
            mlflow.artifacts.download_artifacts(f"models:/{model}/{version}", dst_path=str(target))
        return target
