// Command lines for a finished image, to be pasted into a shell. Pure: no document here.

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** Words as a shell's command line. */
export function commandLine(words) {
  return words.map(quoted).join(" ");
}

/** The engine's command with what it needs to be reached, such as `docker --host …`. */
function engine({ run }) {
  return run.slice(0, run.indexOf("run"));
}

export function runLine({ image }) {
  return commandLine(image.run);
}

export function pullLine({ image }, name) {
  return commandLine([...engine(image), "pull", name]);
}

/** Asks the running image for a prediction, with the example that lies in it; without one only whether it lives. */
export function requestLine({ image, verification }) {
  const server = "http://127.0.0.1:8080";
  if (!verification?.example) return commandLine(["curl", `${server}/ping`]);
  const example = [...engine(image), "run", "--rm", "--entrypoint", "cat", image.reference, `/opt/ml/model/${verification.example}`];
  return `${commandLine(example)} | ${commandLine(["curl", "-H", "Content-Type: application/json", "-d", "@-", `${server}/invocations`])}`;
}
