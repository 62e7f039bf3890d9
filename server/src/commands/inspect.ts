import { isNumber, toNumber } from '../bson/numbers.js';
import { type Document } from '../bson/types.js';
import { namespaceText } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Member } from '../replication/member.js';
import { type CommandContext, namespaceOf } from './context.js';

/** Profiling levels of each server by database. Nothing is profiled. */
const levels = new WeakMap<Member, Map<string, number>>();

/** profile: sets a level from 0 to 2, or with -1 only tells it. */
export function profile(context: CommandContext): Document {
  const { member, database } = context;
  const ofMember = levels.get(member) ?? new Map<string, number>();
  levels.set(member, ofMember);
  const was = ofMember.get(database) ?? 0;
  const given: unknown = context.body['profile'];
  const level = isNumber(given) ? toNumber(given) : -1;
  if (level >= 0 && level <= 2) ofMember.set(database, level);
  return { was, slowms: 100, sampleRate: 1 };
}

/** validate: all that is stored here is sound. */
export function validate(context: CommandContext): Document {
  const namespace = namespaceOf(context);
  const collection = namespace === undefined ? undefined : context.deployment.storage.find(namespace);
  if (namespace === undefined || collection === undefined) {
    const name = String(context.body['validate']);
    throw new CommandError(
      ErrorCode.NamespaceNotFound,
      `Collection '${context.database}.${name}' does not exist to validate.`,
    );
  }
  return {
    ns: namespaceText(namespace),
    nInvalidDocuments: 0,
    nNonCompliantDocuments: 0,
    valid: true,
    repaired: false,
    warnings: [],
    errors: [],
  };
}
