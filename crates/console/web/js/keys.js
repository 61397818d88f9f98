// Settings as keys with dots, and back.

/** Tables whose keys are free, and are changed as a whole. */
const WHOLE = ['tags', 'attributes'];
const isTable = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

export function flat(table, prefix = '') {
  const keys = {};
  for (const [name, value] of Object.entries(table ?? {})) {
    const key = prefix + name;
    if (isTable(value) && !WHOLE.includes(key)) Object.assign(keys, flat(value, `${key}.`));
    else keys[key] = value;
  }
  return keys;
}

export function nested(keys) {
  const table = {};
  for (const [key, value] of Object.entries(keys)) {
    const parts = key.split('.');
    const last = parts.pop();
    let inner = table;
    for (const name of parts) inner = inner[name] ??= {};
    inner[last] = value;
  }
  return table;
}

/** A value for people. */
export const shown = (value) =>
  value === undefined || value === null
    ? '–'
    : typeof value === 'object'
      ? JSON.stringify(value)
      : value === ''
        ? '""'
        : String(value);

/** What somebody typed, of the type that the value had before. */
export function typed(text, before) {
  if (typeof before === 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
