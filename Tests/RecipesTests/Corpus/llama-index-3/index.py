import mlflow
from llama_index.core import MockEmbedding, Settings, SummaryIndex
from llama_index.core.llms import MockLLM
Settings.llm, Settings.embed_model = MockLLM(), MockEmbedding(4)
mlflow.models.set_model(SummaryIndex(nodes=[]))
