// swift-tools-version: 6.3
// Slipway adds one-click Docker image builds to any MLflow model registry.
// Targets stand in the order of their floors: a module imports only what stands on a floor below its own
// (docs/architecture.md; checked by Tests/ArchitectureTests).

import PackageDescription

/// Everything but the modules that wrap a C library compiles under strict memory safety.
let safe: [SwiftSetting] = [.strictMemorySafety(), .treatAllWarnings(as: .error)]

/// Modules that wrap a C library keep its unsafe pointers to themselves.
let wrapping: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "slipway",
    products: [
        .executable(name: "slipway", targets: ["slipway"]),
        .executable(name: "slipway-authd", targets: ["slipway-authd"]),
    ],
    targets: [
        // Floor 0
        .target(name: "Core", swiftSettings: safe),
        .target(name: "AuthdFrames", swiftSettings: safe),

        // Floor 1: each wraps one C library and is its only importer
        .target(name: "CPosix", cSettings: [.define("_GNU_SOURCE")]),
        .systemLibrary(name: "CFastCGI", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev", "libcrypt-dev"])]),
        .systemLibrary(name: "CPAM", providers: [.apt(["libpam0g-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "Posix", dependencies: ["CPosix"], swiftSettings: wrapping),
        .target(name: "SQLite", dependencies: ["Core", "CSQLite"], swiftSettings: wrapping),
        .target(name: "HTTPClient", dependencies: ["Core", "CCurl"], swiftSettings: wrapping),
        .target(name: "YAML", dependencies: ["Core", "CYAML"], swiftSettings: wrapping),
        .target(name: "Crypto", dependencies: ["Core", "CCrypto"], swiftSettings: wrapping),
        .target(name: "Compression", dependencies: ["CZlib"], swiftSettings: wrapping),
        .target(name: "PAM", dependencies: ["AuthdFrames", "CPAM"], swiftSettings: wrapping),

        // Floor 2: what needs a wrapper beside its own
        .target(
            name: "FastCGI", dependencies: ["Core", "Posix", "Compression", "CFastCGI"],
            swiftSettings: wrapping),
        .target(name: "Authd", dependencies: ["AuthdFrames", "Core", "Posix"], swiftSettings: safe),
        .target(name: "MLflow", dependencies: ["Core", "HTTPClient"], swiftSettings: safe),
        .target(name: "Settings", dependencies: ["Core", "Posix", "YAML"], swiftSettings: safe),

        // Floor 3: the parts of the job, none of which knows another
        .target(
            name: "Accounts",
            dependencies: ["Core", "Posix", "Crypto", "SQLite", "HTTPClient", "MLflow", "Authd"],
            swiftSettings: safe),
        .target(
            name: "Registry", dependencies: ["Core", "Posix", "HTTPClient", "MLflow", "YAML"],
            swiftSettings: safe),
        .target(
            name: "Artifacts", dependencies: ["Core", "Posix", "HTTPClient", "MLflow"],
            swiftSettings: safe),
        .target(
            name: "Recipes", dependencies: ["Core", "YAML", "Crypto"],
            // Tables, and the programs that go into build contexts and images.
            resources: [
                .embedInCode("Files/conda.sh"), .embedInCode("Files/dependencies.sh"),
                .embedInCode("Files/lock.sh"), .embedInCode("Files/packages.sh"),
                .embedInCode("Files/python.sh"), .embedInCode("Files/serve.py"),
                .embedInCode("Files/system.sh"), .embedInCode("Files/tables.yaml"),
                .embedInCode("Files/warm.py"),
            ],
            swiftSettings: safe),
        .target(name: "Builders", dependencies: ["Core", "Posix"], swiftSettings: safe),
        .target(
            name: "Schedulers", dependencies: ["Core", "Posix", "Settings", "YAML"], swiftSettings: safe),

        // Floor 4: the life of a build
        .target(
            name: "Builds",
            dependencies: [
                "Core", "Posix", "HTTPClient", "SQLite", "Crypto", "Compression", "Settings", "Registry",
                "Artifacts",
                "Recipes",
                "Builders", "Schedulers",
            ],
            swiftSettings: safe),

        // Floor 5: the API
        .target(
            name: "Web",
            dependencies: [
                "Core", "Posix", "FastCGI", "Accounts", "Registry", "Builds",
            ],
            swiftSettings: safe),

        // Floor 6
        .executableTarget(
            name: "slipway",
            dependencies: [
                "Core", "Posix", "HTTPClient", "FastCGI", "Settings", "Accounts", "Registry", "Recipes",
                "Builders", "Schedulers", "Builds", "Web",
            ],
            swiftSettings: safe),
        // Without Core, which brings Foundation: a process a password has to be small and to begin at once.
        .executableTarget(
            name: "slipway-authd", dependencies: ["AuthdFrames", "PAM", "Posix"], swiftSettings: safe),

        // What suites share, then the suites in the order of their modules; the ones against real parts are
        // Tests/EndToEnd
        .target(name: "TestSupport", dependencies: ["Posix"], path: "Tests/TestSupport"),
        .testTarget(name: "ArchitectureTests"),
        .testTarget(name: "CoreTests", dependencies: ["Core"]),
        .testTarget(name: "AuthdFramesTests", dependencies: ["AuthdFrames"]),
        .testTarget(name: "PosixTests", dependencies: ["Posix", "TestSupport"]),
        .testTarget(name: "SQLiteTests", dependencies: ["Posix", "SQLite", "TestSupport"]),
        .testTarget(name: "HTTPClientTests", dependencies: ["Core", "HTTPClient", "Posix", "TestSupport"]),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"]),
        .testTarget(name: "CryptoTests", dependencies: ["Core", "Crypto", "Posix", "TestSupport"]),
        .testTarget(name: "CompressionTests", dependencies: ["Compression"]),
        .testTarget(name: "PAMTests", dependencies: ["AuthdFrames", "CPAM", "PAM"]),
        .testTarget(
            name: "AuthdTests", dependencies: ["Authd", "AuthdFrames", "Core", "Posix", "TestSupport"]),
        .testTarget(
            name: "FastCGITests", dependencies: ["FastCGI", "Compression", "Core", "Posix", "TestSupport"]),
        .testTarget(name: "SettingsTests", dependencies: ["Core", "Settings"]),
        .testTarget(
            name: "AccountsTests",
            dependencies: ["Accounts", "Core", "Crypto", "Posix", "SQLite", "TestSupport"]),
        .testTarget(
            name: "RegistryTests", dependencies: ["Registry", "MLflow", "HTTPClient", "Posix", "Core"]),
        .testTarget(
            name: "ArtifactsTests", dependencies: ["Artifacts", "MLflow", "HTTPClient", "Posix", "Core"]),
        .testTarget(
            name: "RecipesTests", dependencies: ["Core", "Recipes"],
            exclude: ["Corpus", "Golden", "make_corpus.py"]),
        .testTarget(name: "BuildersTests", dependencies: ["Builders", "Core", "Posix", "TestSupport"]),
        .testTarget(
            name: "SchedulersTests", dependencies: ["Core", "Posix", "Schedulers", "Settings", "TestSupport"]),
        .testTarget(
            name: "BuildsTests",
            dependencies: ["Builders", "Builds", "Core", "Posix", "Schedulers", "Settings"]),
        .testTarget(
            name: "WebTests",
            dependencies: [
                "Accounts", "Builds", "Core", "Crypto", "FastCGI", "Posix", "Registry", "Settings", "Web",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
