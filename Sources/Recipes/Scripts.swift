/// The Python programs that go into images; standard library only.
enum Scripts {
    /// The entry point and health check.
    static let serve = #"""
        """Serves the MLflow model at /opt/ml/model on port 8080; `serve.py check` asks it /ping."""
        import importlib.util
        import os
        import sys

        MODEL = "/opt/ml/model"
        PORT = "8080"
        # Requests in flight get this long after SIGTERM: engines kill after ten seconds.
        GRACE = "8"


        def check():
            from http.client import HTTPConnection

            connection = HTTPConnection("127.0.0.1", int(PORT), timeout=5)
            connection.request("GET", "/ping")
            return 0 if connection.getresponse().status == 200 else 1


        def has_asgi_server():
            """Tells MLflow's uvicorn server from the older gunicorn one, without importing MLflow (seconds)."""
            mlflow = importlib.util.find_spec("mlflow")
            if mlflow is None or importlib.util.find_spec("uvicorn") is None:
                return False
            return any(
                os.path.exists(os.path.join(folder, "pyfunc", "scoring_server", "app.py"))
                for folder in mlflow.submodule_search_locations or []
            )


        def command():
            workers = os.environ.get("MLFLOW_MODELS_WORKERS") or str(os.cpu_count() or 1)
            if not workers.isdigit() or int(workers) < 1:
                sys.exit("MLFLOW_MODELS_WORKERS must be a whole number above 0, not %r" % workers)
            if has_asgi_server():
                return [
                    "uvicorn", "--host", "0.0.0.0", "--port", PORT, "--workers", workers,
                    "--timeout-graceful-shutdown", GRACE, "mlflow.pyfunc.scoring_server.app:app",
                ]
            timeout = os.environ.get("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT") or "60"
            return [
                "gunicorn", "--bind", "0.0.0.0:" + PORT, "--workers", workers, "--timeout", timeout,
                "--graceful-timeout", GRACE, "mlflow.pyfunc.scoring_server.wsgi:app",
            ]


        if __name__ == "__main__":
            if sys.argv[1:] == ["check"]:
                sys.exit(check())
            os.environ["__pyfunc_model_path__"] = MODEL
            # In place of this process, so that signals reach the server itself.
            os.execv(sys.executable, [sys.executable, "-m"] + command())

        """#

    /// Fills the byte-code caches at build time.
    static let warm = #"""
        """Imports what the server will import, while the byte code can still be written: its user cannot.

        Compiling all that was installed takes twice as long and makes the image a fifth larger.
        """
        import importlib
        import os
        import re
        import threading

        # An import that never ends costs start-up time, not the build.
        limit = threading.Timer(60, os._exit, (0,))
        limit.daemon = True
        limit.start()


        def packages(requirement):
            """The import names of the distribution that a requirement names."""
            from importlib.metadata import distribution

            name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
            for file in (distribution(name.group()).files or []) if name else []:
                if len(file.parts) == 2 and file.name == "__init__.py":
                    yield file.parts[0]


        def warm(modules):
            try:
                for module in modules():
                    importlib.import_module(module)
            except BaseException:
                pass  # what cannot be imported shows when the image is tried


        warm(lambda: ["mlflow.pyfunc.scoring_server", "uvicorn.main"])
        with open(os.path.join(os.path.dirname(__file__), "requirements.txt")) as lines:
            for line in lines:
                warm(lambda: packages(line))
        os._exit(0)

        """#
}
