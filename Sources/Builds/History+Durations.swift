internal import Core
internal import SQLite

// How long builds took, for how long one will take.
extension History {
    /// Enters what an ended build tells about later ones.
    func noteEnd(of status: BuildStatus, _ database: Database) throws {
        guard let seconds = status.durationSeconds else { return }
        try database.execute(
            "UPDATE builds SET duration_ms = ?, base_image = ? WHERE id = ?",
            [
                .integer(Int(seconds * 1000)), status.baseImage.map { .text($0) } ?? .null,
                .text(status.buildID),
            ])
    }

    /// How long a build usually takes: the median of the last five good ones of its model, else on its base image.
    ///
    /// - Returns: seconds; nil where there was none yet.
    func usualSeconds(model: String, baseImage: String?) throws -> Double? {
        try withDatabase { database in
            let conditions = [("model_name", model), ("base_image", baseImage)]
            for case (let column, let value?) in conditions {
                let durations = try database.execute(
                    """
                    SELECT duration_ms FROM builds WHERE \(column) = ? AND state = 'succeeded'
                    AND duration_ms IS NOT NULL ORDER BY seq DESC LIMIT 5
                    """, [.text(value)]
                ).compactMap { $0.integer(0) }.sorted()
                if !durations.isEmpty { return Double(durations[durations.count / 2]) / 1000 }
            }
            return nil
        }
    }
}
