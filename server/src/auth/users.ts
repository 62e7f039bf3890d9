import { type Binary } from 'bson';
import { type IdGenerator } from '../runtime/ids.js';
import { createCredential, type ScramCredential, type ScramMechanism } from './scram.js';

export interface User {
  readonly user: string;
  readonly database: string;
  readonly id: Binary;
  readonly mechanisms: readonly string[];
  readonly credentials: ReadonlyMap<ScramMechanism, ScramCredential>;
  readonly roles: readonly unknown[];
  readonly customData: unknown;
}

export interface UserSettings {
  readonly password?: string | undefined;
  readonly mechanisms?: readonly string[] | undefined;
  readonly roles?: readonly unknown[] | undefined;
  readonly customData?: unknown;
}

export const scramMechanisms: readonly ScramMechanism[] = ['SCRAM-SHA-1', 'SCRAM-SHA-256'];

/** The users of a deployment. What they may do is not checked: every known user may do everything. */
export class UserTable {
  readonly #ids: IdGenerator;
  readonly #users = new Map<string, User>();

  constructor(ids: IdGenerator) {
    this.#ids = ids;
  }

  find(database: string, user: string): User | undefined {
    return this.#users.get(`${database}.${user}`);
  }

  all(): User[] {
    return [...this.#users.values()];
  }

  /** Makes a user, or changes what the settings name of one that is there. */
  put(database: string, user: string, settings: UserSettings): void {
    const before = this.find(database, user);
    const mechanisms =
      settings.mechanisms ?? before?.mechanisms ?? (database === '$external' ? ['PLAIN'] : scramMechanisms);
    const { password } = settings;
    this.#users.set(`${database}.${user}`, {
      user,
      database,
      id: before?.id ?? this.#ids.uuid(),
      mechanisms,
      credentials: password === undefined ? (before?.credentials ?? new Map()) : this.#credentials(user, password),
      roles: settings.roles ?? before?.roles ?? [],
      customData: settings.customData ?? before?.customData,
    });
  }

  remove(database: string, user: string): boolean {
    return this.#users.delete(`${database}.${user}`);
  }

  clear(): void {
    this.#users.clear();
  }

  #credentials(user: string, password: string): ReadonlyMap<ScramMechanism, ScramCredential> {
    return new Map(
      scramMechanisms.map(mechanism => {
        const salt = Buffer.from(this.#ids.uuid().buffer).subarray(0, 16);
        return [mechanism, createCredential(mechanism, user, password, salt)] as const;
      }),
    );
  }
}
