package import Core
internal import Posix

/// A file about a build, beside its log, that readers may have.
package enum BuildDocument: Sendable {
    /// As it was built.
    case dockerfile
    /// What is installed in the image.
    case billOfMaterials

    fileprivate func path(_ directory: BuildDirectory) -> String {
        switch self {
        case .dockerfile: directory.dockerfilePath
        case .billOfMaterials: directory.billOfMaterialsPath
        }
    }

    fileprivate func missing(_ id: BuildID) -> Problem {
        switch self {
        case .dockerfile:
            Problem(
                .resourceDoesNotExist, "build \(id) has no Dockerfile",
                hint: "it is written when the model's files are here and the engine begins")
        case .billOfMaterials:
            Problem(
                .resourceDoesNotExist, "nobody looked what is in the image of build \(id)",
                hint: "that is done when an image is tried: see smoke_test and the build's warnings")
        }
    }
}

extension BuildService {
    /// A build's file as it is; nil where there is no such build.
    ///
    /// - Throws: `resourceDoesNotExist` where the build has none.
    package func document(_ document: BuildDocument, of id: BuildID) throws -> [UInt8]? {
        guard let directory = try directory(id) else { return nil }
        do throws(SystemError) {
            return try Files.read(document.path(directory), limit: 32 << 20)
        } catch {
            guard error.isNotFound else { throw error }
            throw document.missing(id)
        }
    }
}
