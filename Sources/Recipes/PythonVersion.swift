internal import Core

/// A version of Python, as exact as the model names it.
package struct PythonVersion: Sendable, Hashable, CustomStringConvertible {
    package let major: Int
    package let minor: Int
    package let patch: Int?

    /// What a model gets that names no version: the same on every machine, and old enough for old models.
    package static let fallback = PythonVersion(major: 3, minor: 11, patch: nil)

    private init(major: Int, minor: Int, patch: Int?) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// - Returns: nil unless the text is two or three numbers joined by dots, such as `3.11` or `3.11.7`.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(part) : nil
        }
        guard (2...3).contains(parts.count), numbers.count == parts.count, numbers.allSatisfy({ $0 < 1000 })
        else {
            return nil
        }
        self.init(major: numbers[0], minor: numbers[1], patch: numbers.count == 3 ? numbers[2] : nil)
    }

    /// Reads conda's `python` entry: `python=3.11.7`, `python==3.9.*`, `python>=3.7.12`, `python=3.10.8=build`.
    ///
    /// The version that the first clause begins with is taken, for a lower bound as for an exact one; MLflow does the
    /// same (`mlflow/utils/environment.py`, `_PythonEnv.get_dependencies_from_conda_yaml`).
    /// - Returns: nil where no version can be read, or only ones to keep below or away from.
    init?(condaEntry text: String) {
        let rest = text.drop { $0.isLetter }.filter { $0 != " " }
        let operators = rest.prefix { "=<>!~".contains($0) }
        guard ["=", "==", ">=", "~=", "==="].contains(String(operators)) else { return nil }
        let numbers = rest.dropFirst(operators.count).prefix { $0.isNumber || $0 == "." }
        let trimmed = numbers.last == "." ? numbers.dropLast() : numbers
        self.init(String(trimmed))
    }

    /// `3.11`.
    package var minorText: String { "\(major).\(minor)" }

    package var description: String { minorText + (patch.map { ".\($0)" } ?? "") }

    func isAtLeast(_ major: Int, _ minor: Int) -> Bool { (self.major, self.minor) >= (major, minor) }

    func hasSameMinor(as other: PythonVersion) -> Bool { (major, minor) == (other.major, other.minor) }
}
