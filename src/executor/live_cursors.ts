import type { SessionState } from '../sessions/session_state.js';
import type { Binding } from './binding.js';
import type { OpenCursor } from './operation.js';

/** What is needed to kill a cursor whose reader may be gone. It holds none of the cursor's documents. */
export interface LiveCursor {
  readonly cursor: OpenCursor;
  readonly binding: Binding;
  /** The caller's session, if the cursor is part of one. */
  readonly session: SessionState | null;
}

/** Cursors that a program abandons without closing them stay here until the client closes: beyond so many the oldest is forgotten. */
const MOST_CURSORS = 10_000;

/**
 * The cursors of one client that servers hold open, so that `close` can kill them. A cursor whose results fit into its first batch never
 * enters.
 */
export class LiveCursors {
  readonly #cursors = new Map<OpenCursor, LiveCursor>();

  add(cursor: OpenCursor, binding: Binding, session: SessionState | null): void {
    this.#cursors.set(cursor, { cursor, binding, session });
    if (this.#cursors.size <= MOST_CURSORS) return;
    const [oldest] = this.#cursors.keys();
    if (oldest !== undefined) this.#cursors.delete(oldest);
  }

  delete(cursor: OpenCursor): void {
    this.#cursors.delete(cursor);
  }

  /** Takes all of them out. */
  drain(): LiveCursor[] {
    const cursors = [...this.#cursors.values()];
    this.#cursors.clear();
    return cursors;
  }
}
