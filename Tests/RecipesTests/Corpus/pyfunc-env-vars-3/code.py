import mlflow
import os


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return os.environ["DEMO_API_KEY"][:1]


mlflow.models.set_model(Model())
