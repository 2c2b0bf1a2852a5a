import mlflow
from mlflow.types.llm import ChatChoice, ChatCompletionResponse, ChatMessage


class Model(mlflow.pyfunc.ChatModel):
    def predict(self, context, messages, params=None):
        return ChatCompletionResponse(choices=[ChatChoice(message=ChatMessage("assistant", "yes"))])


mlflow.models.set_model(Model())
