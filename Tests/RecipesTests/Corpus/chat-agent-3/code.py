import mlflow
from mlflow.types.agent import ChatAgentMessage as Message, ChatAgentResponse


class Model(mlflow.pyfunc.ChatAgent):
    def predict(self, messages, context=None, custom_inputs=None):
        return ChatAgentResponse(messages=[Message(role="assistant", content="yes", id="1")])


mlflow.models.set_model(Model())
