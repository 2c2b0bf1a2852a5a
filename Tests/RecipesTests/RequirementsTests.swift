import Core
import Testing

@testable import Recipes

@Suite struct RequirementsTests {
    @Test func `only requirements reach the installer`() throws {
        let lines = """
            # numpy==1.0.0  must not be installed
            mlflow==3.17.2   # pinned by platform
            uvicorn[standard]>=0.20 ; python_version >= "3.8"
            pandas>=1.5,!=2.0.0,<3

               six\t
            foo==1.0 \\
              --hash=sha256:00
            tool @ https://files.example.test/tool-1.zip#egg=tool
            git+https://git.example.test/it@v1#egg=it
            """
        #expect(
            try Models.requirements(lines) == [
                "mlflow==3.17.2", "uvicorn[standard]>=0.20 ; python_version >= \"3.8\"",
                "pandas>=1.5,!=2.0.0,<3",
                "six", "foo==1.0   --hash=sha256:00", "tool @ https://files.example.test/tool-1.zip#egg=tool",
                "git+https://git.example.test/it@v1#egg=it",
            ])
    }

    @Test(arguments: [
        "-f https://files.example.test/", "--find-links=https://files.example.test/",
        "--find-links https://files.example.test/",
    ])
    func `options are read in every spelling`(_ line: String) throws {
        #expect(try Models.requirements(line) == ["--find-links https://files.example.test/"])
    }

    @Test(arguments: [
        ("-i", "-i has no value"),
        ("--index-url", "--index-url has no value"),
        ("--index-url ftp://a.test/", "is not a web address"),
        ("--extra-index-url https://user:word@a.test/simple", "user name or password"),
        ("--extra-index-url https://a.test/$(id)", "is not a web address"),
        ("-e ./code", "is a path"),
        ("./wheels/a.whl", "is a path"),
        ("/dbfs/team/a.whl", "is a path"),
        ("..\\a.whl", "is a path"),
        ("wheels/a.whl", "is a path"),
        ("tool @ file:///dbfs/a.whl", "is a path"),
        ("git+ssh://git@a.test/it", "is not a web address"),
        ("-r ../requirements.txt", "is not a file within the model"),
        ("-r other.txt", "names other.txt, which is not in the model"),
        ("-r requirements.txt", "include each other"),
        ("==1.0", "is not a requirement"),
        ("import numpy as np", "is not a requirement"),
        ("pandas=2.1", "is not a requirement"),
        ("six; rm -rf /", "is not a requirement"),
        ("six==$(id)", "is not a requirement"),
        ("six[a;b]==1", "is not a requirement"),
        ("six[a", "is not a requirement"),
        ("six==1 --index-url https://a.test/", "cannot stand behind a requirement"),
        ("six -i https://a.test/", "cannot stand behind a requirement"),
        ("six @ https://a.test/six.whl --global-option=x", "cannot stand behind a requirement"),
        ("a\u{0}b", "control characters"),
    ])
    func `what cannot be installed is refused by line`(_ line: String, _ message: String) {
        let problem = #expect(throws: Problem.self) { try Models.requirements("mlflow\n\(line)\n") }
        #expect(problem?.message.contains("requirements.txt:2: ") == true)
        #expect(problem?.message.contains(message) == true, "\(problem?.message ?? "")")
        #expect(problem?.message.contains("word@") != true)
    }

    @Test func `included files and constraints come from the model`() throws {
        let model = try Models.usual([
            "requirements.txt": "-r more/extra.txt\n-c constraints.txt\nmlflow",
            "more/extra.txt": "-r ../last.txt\nb", "last.txt": "a", "constraints.txt": "numpy<2\n",
        ])
        #expect(model.requirements.map(\.text) == ["a", "b", "mlflow"])
        #expect(model.requirements.map(\.source) == ["last.txt:1", "more/extra.txt:2", "requirements.txt:3"])
        #expect(model.constraints.map(\.text) == ["numpy<2"])
    }

    @Test func `an option without effect is said`() throws {
        let model = try Models.usual(["requirements.txt": "--pre\nmlflow"])
        #expect(model.warnings == ["requirements.txt:1: the option --pre has no effect here"])
    }

    @Test(
        arguments: [
            ("Scikit_Learn[extra] >=1", "scikit-learn", nil), ("pandas==2.2.2", "pandas", "2.2.2"),
            ("mlflow== 1.26.1", "mlflow", "1.26.1"), ("a[b]==1 ; x == '2'", "a", "1"), ("a==1.*", "a", nil),
            ("a>=1,==1.2", "a", nil), ("https://a.test/a.whl", nil, nil), ("--no-index", nil, nil),
        ] as [(String, String?, String?)])
    func `names and versions are read`(_ text: String, _ name: String?, _ version: String?) {
        let requirement = Requirement(text: text, source: "x")
        #expect(requirement.name == name)
        #expect(requirement.exactVersion == version)
    }
}
