import type { Reason } from './outcome.js';

/** Every check that fails with ours, or with both drivers, has its reason here and in docs/ecosystem.md. */
export const REASONS: readonly Reason[] = [];
