internal import Builds
internal import Core
internal import FastCGI

/// Many builds by one request: each is accepted or refused for itself.
enum BatchRoute {
    static func route(_ base: String, _ builds: BuildService) -> Route {
        Route("POST", "\(base)/batch", access: .builders, action: .submit) { request, context in
            let batch = try BatchSubmission(json: try API.jsonBody(request)) { model throws(Problem) in
                try builds.versions(of: model)
            }
            let id = BuildID.random()
            context.note.target = "batch \(id)"
            var results: [[UInt8]] = []
            for item in batch.items { results.append(result(item, id, builds, context)) }
            var body = Array(#"{"batch_id":"\#(id)","results":["#.utf8)
            body += Array(results.joined(separator: Array(",".utf8)))
            return Answer.json(body + Array("]}".utf8))
        }
    }

    /// One item's build, or why there is none.
    private static func result(
        _ item: Result<Submission, Problem>, _ batch: BuildID, _ builds: BuildService,
        _ context: Route.Context
    ) -> [UInt8] {
        do {
            let submission = try item.get()
            let caller = try context.builder(of: submission.modelName)
            let accepted = try builds.submit(submission, by: caller.user, batch: batch)
            return Array(#"{"build":"#.utf8) + accepted.build
                + Array(#","coalesced":\#(accepted.isCoalesced)}"#.utf8)
        } catch {
            let problem = (error as? Problem) ?? Problem(.internalError, "internal error")
            if problem.code == .internalError { Log("web").error("a batch's item failed", ["cause": error]) }
            return Array(#"{"error":"#.utf8) + Answer.problem(problem) + Array("}".utf8)
        }
    }
}
