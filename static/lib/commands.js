// Command lines for a finished image, to be pasted into a shell. Pure: no document here.

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** Words as a shell's command line. */
export function commandLine(words) {
  return words.map(quoted).join(" ");
}

export function runLine({ image }) {
  return commandLine(image.run);
}

/** Asks the running image for a prediction, with the example that lies in it; without one only whether it lives. */
export function requestLine({ image, verification }) {
  const server = "http://127.0.0.1:8080";
  if (!verification?.example) return commandLine(["curl", `${server}/ping`]);
  const example = [image.run[0], "run", "--rm", "--entrypoint", "cat", image.reference, `/opt/ml/model/${verification.example}`];
  return `${commandLine(example)} | ${commandLine(["curl", "-H", "Content-Type: application/json", "-d", "@-", `${server}/invocations`])}`;
}
