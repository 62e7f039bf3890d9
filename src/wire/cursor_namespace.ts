/** Where a cursor lives, as getMore and killCursors name it. */
export interface CursorNamespace {
  readonly database: string;
  readonly collection: string;
}

/**
 * The parts of a namespace that a server gave its cursor: `db.coll.with.dots` is the collection `coll.with.dots` of `db`.
 *
 * Null when it names none: a command to it would go to a database of another name.
 */
export function cursorNamespace(namespace: string): CursorNamespace | null {
  if (!isCursorNamespace(namespace)) return null;
  const dot = namespace.indexOf('.');
  return { database: namespace.slice(0, dot), collection: namespace.slice(dot + 1) };
}

/** Whether a namespace names a database and a collection. */
export function isCursorNamespace(namespace: string): boolean {
  const dot = namespace.indexOf('.');
  return dot > 0 && dot < namespace.length - 1 && !namespace.includes('\0');
}
