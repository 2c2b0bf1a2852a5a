"""One real model of each kind, saved by MLflow's own flavors."""

import importlib.metadata
import json
import pathlib

import mlflow
import numpy
import pandas

INPUTS = pandas.DataFrame({"a": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "b": [3.0, 1.0, 4.0, 2.0, 6.0, 5.0]})
TARGET = 2 * INPUTS.a + INPUTS.b
EXAMPLE = INPUTS.head(2)


def pinned(*names):
    """Requirements as MLflow would infer them, with the versions that are installed here."""
    return [f"{name}=={importlib.metadata.version(name).split('+')[0]}" for name in ("mlflow", "numpy", "pandas", *names)]


def xgboost(**where):
    import xgboost
    model = xgboost.XGBRegressor(n_estimators=3).fit(INPUTS, TARGET)
    return mlflow.xgboost.log_model(
        model, input_example=EXAMPLE, pip_requirements=pinned("xgboost", "scikit-learn"), **where)


def lightgbm(**where):
    import lightgbm
    model = lightgbm.LGBMRegressor(n_estimators=3, min_child_samples=1, verbose=-1).fit(INPUTS, TARGET)
    return mlflow.lightgbm.log_model(
        model, input_example=EXAMPLE, pip_requirements=pinned("lightgbm", "scikit-learn"), **where)


def statsmodels(**where):
    from statsmodels.api import OLS
    return mlflow.statsmodels.log_model(
        OLS(TARGET, INPUTS).fit(), input_example=EXAMPLE, pip_requirements=pinned("statsmodels"), **where)


def torch(**where):
    import torch
    torch.manual_seed(7)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    return mlflow.pytorch.log_model(
        model, input_example=EXAMPLE.to_numpy(dtype=numpy.float32),
        pip_requirements=pinned("torch"), **where)


def pyfunc(work, **where):
    """A model of its own code, with artifacts and with modules beside it."""
    folder = pathlib.Path(work, "pyfunc-sources")
    folder.mkdir(exist_ok=True)
    (folder / "weighing.py").write_text("def weigh(frame, weights):\n    return frame.a * weights[0] + frame.b * weights[1]\n")
    (folder / "weights.json").write_text(json.dumps([10.0, 0.5]))
    (folder / "model.py").write_text(
        "import json\n"
        "import mlflow\n"
        "class Weighing(mlflow.pyfunc.PythonModel):\n"
        "    def load_context(self, context):\n"
        "        self.weights = json.load(open(context.artifacts['weights']))\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        from weighing import weigh\n"
        "        return [float(value) for value in weigh(model_input, self.weights)]\n"
        "mlflow.models.set_model(Weighing())\n")
    return mlflow.pyfunc.log_model(
        python_model=str(folder / "model.py"), artifacts={"weights": str(folder / "weights.json")},
        code_paths=[str(folder / "weighing.py")], pip_requirements=pinned(), input_example=EXAMPLE, **where)
