/** A value as JSON, for messages; its type where there is no JSON for it: a bigint, a symbol, a circle of objects. */
export function shown(value: unknown): string {
  try {
    const text: unknown = JSON.stringify(value);
    return typeof text === 'string' ? text : `a ${typeof value}`;
  } catch {
    return typeof value === 'object' ? 'an object that is no JSON' : `a ${typeof value}`;
  }
}
