"""A web server for packages, as a site's mirror is one: directories of files, with a login where one is set."""

import base64
import http.server
import threading
from functools import partial


class FileServer:
    """Serves a directory; a directory's listing is what PEP 503 calls a simple index."""

    def __init__(self, root, host, login=None):
        self.root = root
        self.host = host
        self.paths = []
        server = self
        wanted = login and "Basic " + base64.b64encode(":".join(login).encode()).decode()

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                server.paths.append(self.path)
                if wanted and self.headers.get("Authorization") != wanted:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="packages"')
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                super().do_GET()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((host, 0), partial(Handler, directory=str(root)))
        self.url = f"http://{host}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
