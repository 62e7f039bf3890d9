import type { SpecificationFile } from '../../support/specifications.js';

/** One test of a file. */
export interface LegacyCase {
  readonly description: string;
  /** Why it is not run; a sentence that holds. */
  readonly skip?: string;
  /** Throws, or rejects, when the driver does otherwise than the file says. */
  readonly run: () => void | Promise<void>;
}

/** Tests of one of the formats that are older than the unified one: each asks a part of this driver directly, without a server. */
export interface LegacySuite {
  /** The folder of the specifications whose files it can read. */
  readonly folder: string;
  cases(file: SpecificationFile): readonly LegacyCase[];
}

/** The usual form of a file. */
export interface TestsFile<T> {
  readonly tests: readonly T[];
}
