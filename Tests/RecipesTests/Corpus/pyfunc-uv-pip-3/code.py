import mlflow
import numpy


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return numpy.asarray(model_input).sum(axis=1)


mlflow.models.set_model(Model())
