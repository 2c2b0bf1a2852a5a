import Core
import Posix
import Testing

@testable import Builders

@Suite struct BuildLogTests {
    /// The ends of real logs, shortened.
    @Test(arguments: [
        (
            """
            #6 3.6 error: No solution found when resolving dependencies
            #6 3.6   cause: Because nope was not found in the package registry and you require nope==9, we can
            #6 3.6          conclude that your requirements are unsatisfiable.
            #6 ERROR: executor failed running [/bin/sh -c export A=b]: exit code: 1
            ------
             > [2/7] RUN export A=b:
            ------
            executor failed running [/bin/sh -c export A=b]: exit code: 1
            """,
            "error: No solution found when resolving dependencies cause: Because nope was not found in the package "
                + "registry and you require nope==9, we can conclude that your requirements are unsatisfiable.",
            "these requirements cannot all be met"
        ),
        (
            """
            #7 0.5 /bin/sh: 1: python3: not found
            #7 ERROR: process "/bin/sh -c python3" did not complete successfully: exit code: 127
            ------
            Dockerfile:3
            ERROR: failed to solve: process "/bin/sh -c python3" did not complete successfully: exit code: 127
            """,
            "/bin/sh: 1: python3: not found", "the base image needs python3"
        ),
        (
            """
            #3 ERROR: failed to do request: Head "https://registry.test/v2/x/manifests/1": lookup registry.test: no such host
            failed to solve with frontend dockerfile.v0: failed to create LLB definition: failed to do request: no such host
            """,
            "failed to solve with frontend dockerfile.v0: failed to create LLB definition: failed to do request: no such host",
            "the base image cannot be had"
        ),
        (
            """
            Step 3/9 : RUN export A=b
             ---> Running in 65cacf9d7959
            \u{1B}[91merror\u{1B}[0m\u{1B}[91m: Couldn't parse requirement in `requirements.txt`
            \u{1B}[0mThe command '/bin/sh -c export A=b' returned a non-zero code: 2
            """,
            "error: Couldn't parse requirement in `requirements.txt`", "mend that line"
        ),
        (
            """
            STEP 3/15: RUN pip install x
            WARNING: There was an error checking https://user:word@index.test/simple: certificate verify failed
            ERROR: Could not fetch https://user:word@index.test/simple/x
            Error: building at STEP "RUN pip install x": while running runtime: exit status 1
            """,
            "ERROR: Could not fetch https://***@index.test/simple/x", "ca_bundle"
        ),
        (
            "STEP 4/9: COPY model /opt\nError: writing blob: write /var/tmp/x: no space left on device\n",
            "Error: writing blob: write /var/tmp/x: no space left on device", "free space"
        ),
        (
            """
            #9 1.1   × No solution found when resolving dependencies:
            #9 1.1   ╰─▶ Because torch==1.4.0 has no wheels with a matching Python ABI tag (e.g., `cp312`)
            #9 1.1       and you require torch==1.4.0, we can conclude that your requirements are unsatisfiable.
            #9 ERROR: process "/bin/sh -c uv" did not complete successfully: exit code: 1
            """,
            "× No solution found when resolving dependencies: ╰─▶ Because torch==1.4.0 has no wheels with a matching "
                + "Python ABI tag (e.g., `cp312`) and you require torch==1.4.0, we can conclude that your requirements "
                + "are unsatisfiable.",
            "no wheel for this Python"
        ),
        (
            "ERROR: old.whl is not a supported wheel on this platform.\n",
            "ERROR: old.whl is not a supported wheel on this platform.", "no wheel for this Python"
        ),
        (
            """
            #8 0.9 ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the
            #8 0.9     six from http://index.test/six.whl (from -r requirements.txt (line 1)):
            #8 ERROR: process "/bin/sh -c pip" did not complete successfully: exit code: 1
            """,
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the "
                + "six from http://index.test/six.whl (from -r requirements.txt (line 1)):",
            "by its hash"
        ),
        (
            "error: Failed to download `six==1.16.0`\n  Caused by: Hash mismatch for `six==1.16.0`\n",
            "error: Failed to download `six==1.16.0` Caused by: Hash mismatch for `six==1.16.0`",
            "by its hash"
        ),
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError(Temporary failure in name resolution)'\n"
                + "ERROR: No matching distribution found for uv==0.13.9\n",
            "ERROR: No matching distribution found for uv==0.13.9", "its DNS"
        ),
        (
            "OSError: [Errno 28] No space left on device\n", "OSError: [Errno 28] No space left on device",
            "free space"
        ),
        (
            "#7 2.0 building\n#7 9.9 Killed\n"
                + "#7 ERROR: process \"/bin/sh -c pip\" did not complete successfully: exit code: 137\n",
            "Killed", "memory ran out"
        ),
        (
            "c++: fatal error: Killed signal terminated program cc1plus\nERROR: Failed building wheel for x\n",
            "ERROR: Failed building wheel for x", "memory ran out"
        ),
        (
            "Step 2/3 : RUN x\nThe command '/bin/sh -c x' returned a non-zero code: 137\n",
            "The command '/bin/sh -c x' returned a non-zero code: 137", "memory ran out"
        ),
        (
            "#7 1.0 hello\nERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from "
                + "server: EOF\n",
            "ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
            "the container engine went away"
        ),
        (
            "ERROR: Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?\n",
            "ERROR: Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?",
            "the container engine went away"
        ),
        (
            "Error: initializing source docker://r.test/a:1: reading manifest 1: unauthorized: authentication required\n",
            "Error: initializing source docker://r.test/a:1: reading manifest 1: unauthorized: authentication required",
            "refuses the login"
        ),
        (
            "error: Failed to fetch: `https://i.test/six/`\n  Caused by: HTTP status client error (401 Unauthorized)\n",
            "error: Failed to fetch: `https://i.test/six/` Caused by: HTTP status client error (401 Unauthorized)",
            "python.netrc"
        ),
        (
            "ERROR: pulling a: toomanyrequests: You have reached your pull rate limit.\n",
            "ERROR: pulling a: toomanyrequests: You have reached your pull rate limit.", "no more requests"
        ),
        (
            "Step 1/2\n", "the engine ended with exit status 1 and said nothing",
            "the build's log has the whole story"
        ),
        ("", "the engine ended with exit status 1 and said nothing", "the build's log has the whole story"),
    ])
    func `the failing step's own words are found`(_ log: String, _ message: String, _ hint: String) {
        let problem = BuildLog(log).problem(.exited(1))
        #expect(problem.code == .buildFailed)
        #expect(problem.message == message)
        #expect(problem.hint?.contains(hint) == true, "\(problem.hint ?? "")")
    }
}
