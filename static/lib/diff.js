// Two lists side by side. Pure.

/** The lines of `a` and `b` in the order in which they go together: `{ a, b, same }`, with null where one has none. */
export function sideBySide(a, b) {
  const lengths = common(a, b);
  const rows = [];
  let i = 0;
  let j = 0;
  let onlyA = [];
  let onlyB = [];
  const settle = () => {
    for (let index = 0; index < Math.max(onlyA.length, onlyB.length); index += 1) {
      rows.push({ a: onlyA[index] ?? null, b: onlyB[index] ?? null, same: false });
    }
    onlyA = [];
    onlyB = [];
  };
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      settle();
      rows.push({ a: a[i], b: b[j], same: true });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && lengths[i + 1][j] >= lengths[i][j + 1])) {
      onlyA.push(a[i]);
      i += 1;
    } else {
      onlyB.push(b[j]);
      j += 1;
    }
  }
  settle();
  return rows;
}

/** For each pair of ends, how many lines they have in common in order. */
function common(a, b) {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i][j] = a[i] === b[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

/** Two lists of packages, `{ name, version, type }`, by name and type: `{ name, type, a, b, same }`. What is there in
 *  several versions has them all. */
export function byName(a, b) {
  const [first, second] = [versions(a), versions(b)];
  return [...new Set([...first.keys(), ...second.keys()])].sort().map((key) => {
    const [name, type] = key.split("\0");
    return { name, type, a: first.get(key) ?? null, b: second.get(key) ?? null, same: first.get(key) === second.get(key) };
  });
}

function versions(packages) {
  const all = new Map();
  for (const { name, version, type = "" } of packages) {
    const key = `${name}\0${type}`;
    all.set(key, new Set(all.get(key)).add(version));
  }
  return new Map([...all].map(([key, each]) => [key, [...each].sort().join(", ")]));
}
