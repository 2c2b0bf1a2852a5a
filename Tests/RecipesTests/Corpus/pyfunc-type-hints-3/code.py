import mlflow
import pydantic


class Question(pydantic.BaseModel):
    text: str


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[Question]):
        return [question.text for question in model_input]


mlflow.models.set_model(Model())
