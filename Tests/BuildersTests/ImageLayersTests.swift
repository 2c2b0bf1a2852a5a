import Testing

@testable import Builders

@Suite("An image's layers") struct ImageLayersTests {
    @Test(arguments: [
        ("RUN /bin/sh -c apt-get update # buildkit", "apt-get update"),
        ("/bin/sh -c #(nop) COPY dir:0123 in /opt ", "COPY dir:0123 in /opt"),
        ("|2 A=1 B=two /bin/sh -c pip install x", "pip install x"),
        ("RUN |1 SLIPWAY_X=1 /bin/sh -c sh /x.sh # buildkit", "sh /x.sh"),
        ("COPY model /opt/ml/model # buildkit", "COPY model /opt/ml/model"),
        ("/bin/sh -c  SLIPWAY_KEY=a   sh\n /run/install.sh", "sh /run/install.sh"),
        ("debootstrap\u{7}", "debootstrap\\u{7}"), ("", ""),
    ])
    func `are told by their instruction`(_ text: String, _ shown: String) {
        #expect(ImageLayer.shortened(text) == shown)
    }

    @Test func `are those that hold something, the lowest first`() throws {
        let engines = try Engines()
        let path = try engines.add(
            "docker",
            """
            "history --no-trunc --human=false --format {{.Size}} {{json .CreatedBy}} i")
                printf '%s\\n' '0 "CMD x"' '7 "COPY a\\nb # buildkit"' nonsense '9 "debootstrap"';;
            """)
        let docker = Engine(kind: .docker, path: path, version: "1", mounts: true)
        let environment = ["PATH": "/usr/bin:/bin"]
        #expect(
            docker.layers(of: "i", environment: environment) == [
                ImageLayer(createdBy: "debootstrap", sizeBytes: 9),
                ImageLayer(createdBy: "COPY a b", sizeBytes: 7),
            ])
        #expect(docker.layers(of: "gone", environment: environment) == nil)
        let podman = try engines.add(
            "podman",
            """
            "history --no-trunc --format json i")
                echo '[{"id":"x","CreatedBy":"CMD","size":0},{"CreatedBy":"/bin/sh -c a","size":21504},{"size":1}]';;
            """)
        #expect(
            Engine(kind: .podman, path: podman, version: "4", mounts: true).layers(
                of: "i", environment: environment)
                == [
                    ImageLayer(createdBy: "", sizeBytes: 1), ImageLayer(createdBy: "a", sizeBytes: 21504),
                ])
        let buildah = Engine(kind: .buildah, path: path, version: "1", mounts: true)
        #expect(buildah.layers(of: "i", environment: ["PATH": engines.directory.path]) == nil)
    }
}
