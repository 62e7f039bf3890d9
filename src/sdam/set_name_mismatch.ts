import { MongoRuntimeError } from '../errors/driver.js';

/** A server is of another replica set than the one that was asked for, or of none. To users it is a MongoRuntimeError. */
export class SetNameMismatchError extends MongoRuntimeError {}
