import mlflow


class RowSum(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):
        return model_input.sum(axis=1)


mlflow.models.set_model(RowSum())
