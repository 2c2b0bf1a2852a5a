import mlflow
from mlflow.types.responses import ResponsesAgentResponse


class Model(mlflow.pyfunc.ResponsesAgent):
    def predict(self, request):
        return ResponsesAgentResponse(output=[self.create_text_output_item(text="yes", id="1")])


mlflow.models.set_model(Model())
