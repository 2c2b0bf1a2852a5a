import Core
import Testing

@testable import Registry

@Suite("a version's source")
struct ArtifactSourceTests {
    private static let address = "https://mlflow.example.com:8443/prefix"

    @Test(
        "is read as MLflow writes it",
        arguments: [
            ("mlflow-artifacts:/0/models/m-1f/artifacts", .proxied(path: "0/models/m-1f/artifacts")),
            ("mlflow-artifacts:///0/run/artifacts/model/", .proxied(path: "0/run/artifacts/model")),
            ("mlflow-artifacts://mlflow.example.com:8443/0/a", .proxied(path: "0/a")),
            ("mlflow-artifacts:/0/my model 100%/ä", .proxied(path: "0/my model 100%/ä")),
            ("mlflow-artifacts:/0/my%20model", .proxied(path: "0/my model")),
            ("mlflow-artifacts:/0/my%2520model", .proxied(path: "0/my model")),
            ("models:/m-1f00", .model(id: "m-1f00")),
            ("models:/iris/3", .model(id: nil)),
            ("runs:/0a1b/model/sub", .run(id: "0a1b", path: "model/sub")),
            ("/srv/mlruns/0/a b/%41", .directory(path: "/srv/mlruns/0/a b/%41")),
            ("file:///srv/ml%20runs/50%2525", .directory(path: "/srv/ml runs/50%25")),
            ("file:/srv/mlruns", .directory(path: "/srv/mlruns")),
            ("file://localhost/srv/mlruns", .directory(path: "/srv/mlruns")),
        ] as [(String, ArtifactSource)])
    func reads(text: String, expected: ArtifactSource) throws {
        #expect(try ArtifactSource(text, server: Self.address) == expected)
    }

    @Test(
        "is refused where it could lead elsewhere",
        arguments: [
            "mlflow-artifacts:/../etc", "mlflow-artifacts:/0/%2e%2e/%2e%2e/etc",
            "mlflow-artifacts:/0/%252e%252e/x",
            "mlflow-artifacts:/0/100%/%2e%2e/x", "mlflow-artifacts:/0/..\\x", "mlflow-artifacts:/0/%5c..%5cx",
            "mlflow-artifacts:/0/a%00b", "mlflow-artifacts:/0/a%0ab", "mlflow-artifacts:/0/a?x=..",
            "mlflow-artifacts:/0/a#..",
            "mlflow-artifacts:/", "mlflow-artifacts:/.", "mlflow-artifacts://other.example.com/0/a",
            "mlflow-artifacts://mlflow.example.com/0/a",
            "mlflow-artifacts://mlflow.example.com:8443@evil/0/a",
            "models:/", "models:/../x", "runs:/0a1b", "runs:/../model", "runs:/0a1b/../../x",
            "runs:/a b/model",
            "/srv/../etc", "/srv/%2e%2e/etc", "/srv/a\\b", "/srv/a\nb", "/srv/..\u{301}/../etc",
            "/srv/../\u{301}etc",
            "file:///srv/%2e%2e/etc", "file:///srv/%252e%252e/etc", "file://server/share/x", "file:srv",
            "file:///srv/%zz",
            "file:///srv?x", "", "mlruns/0/a", "C:\\models\\x", "..", ":/x",
        ])
    func refuses(text: String) {
        #expect(throws: Problem.self) { try ArtifactSource(text, server: Self.address) }
    }

    @Test("of a store that cannot be read is refused by its scheme, without its address")
    func namesTheScheme() {
        let problem = #expect(throws: Problem.self) {
            try ArtifactSource("s3://user:key@bucket/model", server: Self.address)
        }
        #expect(problem?.code == .invalidState)
        #expect(problem?.message.contains("s3:") == true)
        #expect(problem?.description.contains("key") == false)
    }

    @Test("stays beneath when something is appended")
    func appends() throws {
        #expect(
            try ArtifactSource.proxied(path: "0/run/artifacts").appending("my model")
                == .proxied(path: "0/run/artifacts/my model"))
        #expect(throws: Problem.self) { try ArtifactSource.proxied(path: "0/a").appending("%2e%2e/b") }
        #expect(throws: Problem.self) { try ArtifactSource.directory(path: "/srv/a").appending("../b") }
    }
}
