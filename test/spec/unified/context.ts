import type { Driver } from '../drivers/driver.js';
import type { Entities } from './entities.js';
import type { FailPoints } from './fail_points.js';
import type { InternalClient } from './internal_client.js';
import type { MatchContext } from './matching.js';
import type { TestServer } from './servers.js';
import type { Operation } from './test_file.js';

/** What the operations of one test have to hand. */
export interface TestContext {
  readonly driver: Driver;
  readonly server: TestServer;
  readonly entities: Entities;
  /** The runner's own client: looks and prepares, and is never what is tested. */
  readonly internal: InternalClient;
  readonly failPoints: FailPoints;
  readonly matching: MatchContext;
  /**
   * Runs an operation as the test says, and throws when what it does is not what was expected. With `rethrows` an error that was
   * expected is thrown too, as the callback of a transaction needs it.
   */
  runOperation(operation: Operation, place: string, rethrows?: 'rethrows'): Promise<void>;
}
