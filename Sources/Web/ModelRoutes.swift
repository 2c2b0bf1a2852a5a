internal import Builds
internal import Core
internal import FastCGI
internal import Registry

/// What the registry holds, for pages that offer it for a build.
///
/// A model's name stands in the query: it may hold slashes.
enum ModelRoutes {
    static func routes(_ builds: BuildService) -> [Route] {
        [
            Route("GET", "/slipway/models", access: .readers) { request, _ in
                let text = try request.field("filter") ?? ""
                guard text.utf8.count <= 256, !text.hasControlCharacters else {
                    throw Problem.invalid("filter", "must be at most 256 bytes without control characters")
                }
                let page = try builds.models(matching: text, try pageRequest(request, ["filter"]))
                return try Answer.page("models", page.items, nextPageToken: page.nextToken)
            },
            Route("GET", "/slipway/models/versions", access: .readers) { request, _ in
                guard let name = try request.field("name") else {
                    throw Problem.invalid("name", "must be given", hint: "name a registered model")
                }
                let page = try builds.versions(
                    of: try ModelName(name, field: "name"), try pageRequest(request, ["name"]))
                return try Answer.page("versions", page.items, nextPageToken: page.nextToken)
            },
        ]
    }

    private static func pageRequest(_ request: Request, _ others: Set<String>) throws(Problem) -> PageRequest
    {
        for (name, _) in request.query where !others.union(["max_results", "page_token"]).contains(name) {
            throw .invalid(name.printable(limit: 40), "is not known here")
        }
        var size = 50
        if let text = try request.field("max_results") {
            guard let number = Int(text) else { throw .invalid("max_results", "must be a number") }
            size = number
        }
        return try PageRequest(size: size, token: try request.field("page_token"))
    }
}
