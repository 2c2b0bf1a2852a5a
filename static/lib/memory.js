// What this browser keeps of its reader's choices. Storage may be forbidden: then nothing is remembered, and all else goes on.

export function remembered(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It holds for this page alone.
  }
}
