/// The environment of an engine's processes: what they need to find their server and the network, and no more.
enum EngineEnvironment {
    private static let names: Set = [
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "CONTAINERS_REGISTRIES_CONF", "REGISTRY_AUTH_FILE",
    ]
    private static let proxies: Set = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"]

    static func filtered(_ environment: [String: String]) -> [String: String] {
        var result = environment.filter { name, _ in
            names.contains(name) || name.hasPrefix("DOCKER_") || proxies.contains(name.uppercased())
        }
        // Messages are read for their meaning, in one language.
        result["LC_ALL"] = "C.UTF-8"
        return result
    }

    /// The proxy variables that are set, by name.
    static func proxyNames(_ environment: [String: String]) -> [String] {
        environment.keys.filter { proxies.contains($0.uppercased()) }.sorted()
    }
}
