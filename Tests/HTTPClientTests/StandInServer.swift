import Glibc
import HTTPClient
import Posix
import Testing

/// A small HTTP server in Python that misbehaves on demand; it ends with this process.
final class StandInServer: Sendable {
    static let shared = Result { try StandInServer() }

    /// Of 127.0.0.1.
    let port: Int
    /// Closed at the latest with this process, which ends the server.
    private let lifeline: Descriptor

    var url: String { "http://127.0.0.1:\(port)" }

    private init() throws {
        let python = try #require(Executable.find("python3", searchPath: ThisProcess.environment["PATH"]))
        let input = try Descriptor.pipe()
        let output = try Descriptor.pipe()
        lifeline = input.writer
        let environment = ThisProcess.environment.filter { ["PATH", "HOME"].contains($0.key) }
        _ = try ChildProcess.start(
            python, ["-c", Self.script], environment: environment, input: input.reader, output: output.writer)
        var line = [UInt8](repeating: 0, count: 16)
        let count = read(output.reader.number, &line, line.count)
        port = try #require(
            Int(String(decoding: line.prefix(max(0, count)), as: UTF8.self).prefix { $0.isNumber }))
    }

    func client(_ credentials: HTTPServer.Credentials? = nil, prefix: String = "") throws -> HTTPClient {
        HTTPClient(
            try HTTPServer(url: url + prefix, field: "url", credentials: credentials), timeoutSeconds: 20)
    }

    private static let script = #"""
        import os, sys, threading
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def answer(self, status, body, length=None, **headers):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                head = f"{self.path} {self.headers['Content-Type']} {self.headers.get('Authorization')}\n"
                self.answer(200, head.encode() + body)

            def do_GET(self):
                kind, _, argument = self.path.partition("?")[0].lstrip("/").partition("/")
                if kind == "bytes":
                    self.answer(200, b"x" * int(argument), Content_Type="application/octet-stream")
                elif kind == "status":
                    self.answer(int(argument), b"status %s" % argument.encode(), Content_Type="text/plain")
                elif kind == "long-error":
                    self.answer(500, b"e" * (1 << 20))
                elif kind == "redirect":
                    self.answer(302, b"elsewhere", Location="/echo")
                elif kind == "short":
                    self.answer(200, b"half", length=int(argument))
                    self.close_connection = True
                elif kind == "short-chunks":
                    self.send_response(200)
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    self.wfile.write(b"4\r\nhalf\r\n")
                    self.close_connection = True
                elif kind == "silent":
                    self.close_connection = True
                elif kind == "slow":
                    threading.Event().wait(30)
                elif kind == "port":
                    self.answer(200, str(self.client_address[1]).encode())
                else:
                    text = self.path + "\n" + str(self.headers.get("Authorization"))
                    self.answer(200, text.encode(), Content_Type="text/plain; charset=utf-8")

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.buffer.read()
        os._exit(0)
        """#
}
