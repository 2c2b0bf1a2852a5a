"""Write the metadata of small, real MLflow models, for tests that read model directories.

    venv/bin/python make_corpus.py OUT [--suffix 3] [--only NAME ...]

MLflow itself saves each model; its small text files land in OUT/NAME-SUFFIX, with ids, times and
paths of this machine replaced. What cannot be made is skipped, with a printed reason. Libraries
that are installed together leak into each other's inferred requirements: keep them apart.
"""

import argparse
import importlib
import multiprocessing
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

MAJOR = int(version("mlflow").split(".")[0])
LIMIT = 8000
KEPT = {".yaml", ".yml", ".txt", ".toml", ".lock", ".py"}
LIBRARY_DATA = {"sparkml", "model.h2o", "model", "components", "pipeline", "LICENSE.txt"}

# A model that is a Python file: imports, base class, arguments of predict, its value.
CLASS = """import mlflow
{}


class Model(mlflow.pyfunc.{}):
    def predict(self, {}):
        return {}


mlflow.models.set_model(Model())
"""
CODE = {name: CLASS.format(*parts) for name, parts in {
    "pyfunc-code": ("import numpy", "PythonModel", "context, model_input, params=None",
                    "numpy.asarray(model_input).sum(axis=1)"),
    "pyfunc-env-vars": ("import os", "PythonModel", "context, model_input, params=None",
                        'os.environ["DEMO_API_KEY"][:1]'),
    "pyfunc-type-hints": (
        "import pydantic\n\n\nclass Question(pydantic.BaseModel):\n    text: str", "PythonModel",
        "model_input: list[Question]", "[question.text for question in model_input]"),
    "responses-agent": (
        "from mlflow.types.responses import ResponsesAgentResponse", "ResponsesAgent", "request",
        'ResponsesAgentResponse(output=[self.create_text_output_item(text="yes", id="1")])'),
    "chat-model": (
        "from mlflow.types.llm import ChatChoice, ChatCompletionResponse, ChatMessage",
        "ChatModel", "context, messages, params=None",
        'ChatCompletionResponse(choices=[ChatChoice(message=ChatMessage("assistant", "yes"))])'),
    "chat-agent": (
        "from mlflow.types.agent import ChatAgentMessage as Message, ChatAgentResponse",
        "ChatAgent", "messages, context=None, custom_inputs=None",
        'ChatAgentResponse(messages=[Message(role="assistant", content="yes", id="1")])'),
}.items()}
CHAIN = """import mlflow
from langchain_core.runnables import RunnableLambda
mlflow.models.set_model(RunnableLambda(lambda text: text.upper()))
"""
INDEX = """import mlflow
from llama_index.core import MockEmbedding, Settings, SummaryIndex
from llama_index.core.llms import MockLLM
Settings.llm, Settings.embed_model = MockLLM(), MockEmbedding(4)
mlflow.models.set_model(SummaryIndex(nodes=[]))
"""
CONDA = ["python=3.11.7", "gdal=3.8.4", "pip<=24.0", {"pip": ["mlflow==3.17.2", "shapely==2.0.3"]}]
REQUIREMENTS = """# the server's
mlflow
-c constraints.txt
scikit-learn>=1.3  # for the scaler
pywin32==306 ; sys_platform == "win32"
"""
PROJECT = """[project]
name = "churn"
version = "0.1.0"
requires-python = ">=3.11,<3.13"
dependencies = """
RECIPES = {}


def use(name):
    """Import a module when a recipe needs it."""
    return importlib.import_module(name)


def frame():
    """Return a training set: two columns and labels."""
    columns = {"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.0]}
    return use("pandas").DataFrame(columns), [0, 0, 1, 1]


def write(name, text):
    """Write a file of the project that logs the model, and return its path."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return name


def add(name, majors, action, environment=(), **keywords):
    """Add a recipe for these majors of MLflow: what saves to a path, while variables are set."""
    def run(path):
        os.environ.update(environment)
        action(path, **keywords)

    if MAJOR in majors:
        RECIPES[name] = run


def save_flavor(path, flavor="sklearn", build=None, method="save_model", **keywords):
    """Save what `build` returns by a flavor's module."""
    getattr(use(f"mlflow.{flavor}"), method)((build or classifier)(), path, **keywords)


def add_flavor(name, majors, build, environment=(), **keywords):
    """Add a recipe for the flavor that it is named after."""
    flavor = name.partition("-")[0]
    keywords.update(flavor=flavor, build=build)
    add(name.replace("_", "-"), majors, save_flavor, environment, **keywords)


def save_pyfunc(path, code="pyfunc-code", **keywords):
    """Save a model that is a Python file."""
    use("mlflow.pyfunc").save_model(path, python_model=write("code.py", CODE[code]), **keywords)


def save_own(path, **keywords):
    """Save a model with code of its own: with a loader and data, or a class and an artifact."""
    write("own/loader.py", "def _load_pyfunc(data_path):\n    return None\n")
    write("data/weights.txt", "1 2\n")
    write("constraints.txt", "numpy<3\nscikit-learn==1.5.2\n")
    write("in.txt", REQUIREMENTS)
    keywords["code_paths" if MAJOR >= 3 else "code_path"] = ["own"]
    use("mlflow.pyfunc").save_model(path, **keywords)


def save_uv(path, dependencies, save=save_pyfunc, **keywords):
    """Save a model inside a uv project."""
    write("pyproject.toml", f"{PROJECT}{dependencies}\n")
    write(".python-version", "3.11\n")
    subprocess.run(["uv", "lock", "-q"], check=True)
    save(path, **keywords)


def log(path, flavor="sklearn", uri=None, code=None, **keywords):
    """Log a model to a run, or a registry, and download it as a service finds it."""
    if code:
        keywords["python_model"] = write("code.py", CODE[code])
    keywords["name" if MAJOR >= 3 else "artifact_path"] = "model"
    info = use(f"mlflow.{flavor}").log_model(**keywords)
    target = path if uri or MAJOR >= 3 else "."  # a run's artifact keeps its name, "model"
    use("mlflow.artifacts").download_artifacts(artifact_uri=uri or info.model_uri, dst_path=target)


def save_h2o(path):
    """Save a model of H2O, which needs Java."""
    h2o = use("h2o")
    h2o.init(max_mem_size="1G", nthreads=1)
    model = use("h2o.estimators").H2OGeneralizedLinearEstimator()
    model.train(["a"], "b", h2o.H2OFrame(frame()[0]))
    use("mlflow.h2o").save_model(model, path)
    h2o.cluster().shutdown()


def save_spark(path):
    """Save a pipeline of Spark, which needs Java."""
    spark = use("pyspark.sql").SparkSession.builder.master("local[1]").getOrCreate()
    stage = use("pyspark.ml.feature").SQLTransformer(statement="SELECT id FROM __THIS__")
    model = use("pyspark.ml").Pipeline(stages=[stage]).fit(spark.range(2))
    use("mlflow.spark").save_model(model, path)


def classifier():
    """Return a fitted classifier of scikit-learn."""
    return use("sklearn.linear_model").LogisticRegression().fit(*frame())


def onnx_model():
    """Return a graph that passes its input on."""
    helper = use("onnx.helper")
    ends = [helper.make_tensor_value_info(name, 1, [None, 2]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", ends[:1], ends[1:])
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


def tiny_bert():
    """Return a pipeline of a randomly initialised BERT."""
    models, transformers = use("tokenizers.models"), use("transformers")
    words = models.WordLevel({"[PAD]": 0, "[UNK]": 1, "yes": 2, "no": 3}, unk_token="[UNK]")
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=use("tokenizers").Tokenizer(words), unk_token="[UNK]", pad_token="[PAD]")
    sizes = {f"{name}_size": 8 for name in ("hidden", "intermediate", "vocab")}
    config = transformers.BertConfig(num_hidden_layers=1, num_attention_heads=1, **sizes)
    model = transformers.BertForSequenceClassification(config)
    return transformers.pipeline("text-classification", model=model, tokenizer=tokenizer)


def register():
    """Fill RECIPES with what this major version of MLflow can save."""
    every, new, last = (1, 2, 3), (2, 3), (3,)
    data, labels = frame()
    days = use("pandas").date_range("2024-01-01", periods=30).to_frame(name="ds")
    days = days.assign(y=range(30), shop="a")
    add_flavor("sklearn", every, classifier)
    add_flavor("sklearn-extra-pip", new, classifier,
               extra_pip_requirements=["humanize==4.9.0", "uvicorn[standard]>=0.20"])
    add_flavor("sklearn-proba", new, classifier, pyfunc_predict_fn="predict_proba",
               metadata={"team": "Risiko-Prüfung", "名前": "顧客離反"})
    add_flavor("sklearn-signature", new, classifier, input_example=data)
    add_flavor("sklearn-cloudpickle", last, classifier, serialization_format="cloudpickle")
    add_flavor("sklearn-locked", last, classifier, {"MLFLOW_LOCK_MODEL_DEPENDENCIES": "true"})
    add("sklearn-logged", new, lambda path: log(path, sk_model=classifier(), input_example=data))
    add("sklearn-registered", new, lambda path: log(
        path, uri="models:/größe/1", sk_model=classifier(), registered_model_name="größe"))
    add_flavor("sklearn-pca", every, lambda: use("sklearn.decomposition").PCA().fit(data))
    for kind in CODE:
        add(kind, last, save_pyfunc, code=kind)
    add("pyfunc-config", last, save_pyfunc, model_config={"threshold": 0.5, "labels": ["no"]})
    add("pyfunc-env-vars", last, log, {"DEMO_API_KEY": "none"}, flavor="pyfunc",
        code="pyfunc-env-vars", input_example=data)
    add("pyfunc-conda", last, save_pyfunc, conda_env={
        "name": "geo", "channels": ["conda-forge", "nodefaults"], "dependencies": CONDA})
    add("pyfunc-conda-bare", last, save_pyfunc, conda_env={"dependencies": CONDA[3:]})
    add("pyfunc-logged", last, lambda path: log(path, "pyfunc", code="pyfunc-code", resources=[
        use("mlflow.models.resources").DatabricksServingEndpoint(endpoint_name="chat")]))
    own = {"predict": lambda self, context, model_input: model_input}
    own = type("Own", (use("mlflow.pyfunc").PythonModel,), own)()
    add("pyfunc-files", every, save_own, python_model=own, artifacts={"scaler": "data/weights.txt"})
    loader = {"loader_module": "own.loader", "data_path": "data"}
    add("pyfunc-requirements-file", new, save_own, pip_requirements="in.txt", **loader)
    add("pyfunc-loader", every, save_own, **loader)
    humanize = ["humanize>=4", "tomli>=2 ; python_version < '3.11'"]
    add("pyfunc-uv", last, save_uv, dependencies=humanize)
    add("pyfunc-uv-mlflow", last, save_uv, dependencies=["mlflow-skinny==3.17.2", "pandas"])
    add("pyfunc-uv-pip", last, save_uv, dependencies=humanize, pip_requirements=["mlflow", "six"])
    add("sklearn-uv", last, save_uv, dependencies=humanize, save=save_flavor)
    add("h2o", every, save_h2o)
    add("spark", every, save_spark)
    add_flavor("xgboost", every, lambda: use("xgboost").train(
        {"max_depth": 1}, use("xgboost").DMatrix(data, label=labels), 1))
    add_flavor("lightgbm", every, lambda: use("lightgbm").train(
        {"verbose": -1}, use("lightgbm").Dataset(data, label=labels), 1))
    add_flavor("catboost", new, lambda: use("catboost").CatBoostClassifier(
        iterations=1, verbose=False, allow_writing_files=False).fit(data, labels))
    add_flavor("statsmodels", every, lambda: use("statsmodels.api").OLS(labels, data).fit())
    add_flavor("prophet", new, lambda: use("prophet").Prophet().fit(days))
    add_flavor("diviner", (2,), lambda: use("diviner").GroupedProphet().fit(days, ["shop"]))
    add_flavor("pmdarima", new, lambda: use("pmdarima").ARIMA((1, 0, 0)).fit([0.0, 1.0, 3.0] * 9))
    add_flavor("spacy-textcat", new, lambda: use("spacy").util.load_model_from_config(
        {"nlp": {"lang": "en", "pipeline": ["textcat"]},
         "components": {"textcat": {"factory": "textcat"}}}, auto_fill=True))
    add_flavor("spacy-blank", new, lambda: use("spacy").blank("en"))
    add_flavor("onnx", new, onnx_model)
    add_flavor("keras", last, lambda: use("keras").Sequential([use("keras").layers.Input((2,))]))
    add_flavor("tensorflow", new, lambda: use("tensorflow").keras.Sequential(
        [use("tensorflow").keras.layers.Input((2,))]))
    pickle = {"serialization_format": "pickle"} if MAJOR >= 3 else {}
    add_flavor("pytorch", new, lambda: use("torch").nn.Linear(2, 1), **pickle)
    add_flavor("pytorch-exported", last, lambda: use("torch").nn.Linear(2, 1),
               input_example=data.to_numpy("float32"), serialization_format="pt2")
    add_flavor("transformers", last, tiny_bert)
    sentences = "sentence_transformers"
    add_flavor(sentences, last, lambda: use(sentences).SentenceTransformer(
        modules=[use(sentences + ".models").BoW(vocab=["yes", "no"])]))
    add_flavor("paddle", new, lambda: use("paddle").jit.to_static(
        use("paddle").nn.Linear(2, 1), input_spec=[use("paddle").static.InputSpec([None, 2])]))
    add_flavor("shap", new, lambda: use("shap").Explainer(
        classifier().predict, data.to_numpy(), algorithm="permutation"), method="save_explainer")
    add_flavor("langchain", last, lambda: write("chain.py", CHAIN))
    add("llama-index", last, lambda path: use("mlflow.llama_index").save_model(
        write("index.py", INDEX), path, engine_type="query"))
    add("openai", last, lambda path: use("mlflow.openai").save_model(
        "gpt-4o-mini", "chat.completions", path,
        messages=[{"role": "user", "content": "Is {word} a noun?"}]))
    add_flavor("dspy", last, lambda: use("dspy").Predict("question -> answer"))


def shortened(name, text):
    """Cut what makes a file long: signatures, and what a lock file says beside versions."""
    if name == "uv.lock" and len(text.encode()) > LIMIT:
        lists = r"^(?:sdist = .*\n|(?:wheels|dependencies) = \[\n(?: .*\n)*\]\n)"
        text = re.sub(lists, "", text, flags=re.M)
    signature = r"^(  (?:inputs|outputs|params): )'(?:[^'\n]|\n {4}|'')*'$"
    return re.sub(signature, r"\1'[]'", text, flags=re.M) if len(text.encode()) > LIMIT else text


def scrubbed(text, work):
    """Replace what tells of this machine, this moment or this run."""
    text = text.replace(os.path.realpath(work), "/home/user/project")
    text = text.replace(sys.prefix, "/home/user/venv").replace(socket.gethostname(), "host")
    text = re.sub(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", "1".zfill(32), text)
    text = re.sub(r"(utc_time_created: ').*'", r"\g<1>2025-01-01 00:00:00.000000'", text)
    return re.sub(r'(upload-time = ").*?"', r'\g<1>2025-01-01T00:00:00Z"', text)


def keep(source, target, work):
    """Copy a model directory's small text files."""
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        is_plain = path.suffix in KEPT or path.name.endswith("_example.json")
        is_plain = is_plain or len(name.parts) == 1 and not path.suffix
        if LIBRARY_DATA.intersection(name.parts) or not path.is_file() or not is_plain:
            continue
        text = shortened(path.name, scrubbed(path.read_bytes().decode("utf-8"), work))
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(text.encode())


def make(name, target):
    """Save one model in a project folder of its own and keep its metadata."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        work = Path(folder, "project")
        work.mkdir()
        os.chdir(work)
        store = f"sqlite:///{work}/mlflow.db" if MAJOR >= 3 else f"{work}/mlruns"
        os.environ["MLFLOW_TRACKING_URI"] = store
        try:
            RECIPES[name](f"{work}/model")
        except Exception as error:
            print(f"{name}: skipped: {type(error).__name__}: {str(error)[:300]}", flush=True)
            return
        shutil.rmtree(target, ignore_errors=True)
        keep(work / "model", target, work)
        print(f"{name}: made", flush=True)


def main():
    """Make the models that the command line asks for, each in a process of its own."""
    register()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--suffix", default=str(MAJOR))
    parser.add_argument("--only", nargs="*", default=list(RECIPES))
    options = parser.parse_args()
    for name in options.only:
        target = options.out.resolve() / f"{name}-{options.suffix}"
        child = multiprocessing.get_context("fork").Process(target=make, args=(name, target))
        child.start()
        child.join(240)
        if child.exitcode != 0:
            print(f"{name}: skipped: ends by {child.exitcode} or takes too long", flush=True)
            child.kill()


if __name__ == "__main__":
    main()
