import { MongoCompatibilityError } from '../errors/driver.js';
import type { AuthMechanism, AuthMechanismProperties } from './credentials.js';

/**
 * Exported for programs that name it. A client authenticates its connections by itself; no method of this driver takes or gives such an object.
 *
 * @public
 */
export class MongoClientAuthProviders {
  /** @throws MongoCompatibilityError always */
  getOrCreateProvider(name: AuthMechanism, _properties?: AuthMechanismProperties): never {
    throw new MongoCompatibilityError(
      `Providers of authentication cannot be used by themselves, got ${JSON.stringify(name)}: give authMechanism to MongoClient`,
    );
  }
}
