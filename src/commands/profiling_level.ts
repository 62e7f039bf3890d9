import { MongoInvalidArgumentError, MongoUnexpectedServerResponseError } from '../errors/driver.js';
import type { Operation } from '../executor/operation.js';
import type { OperationContext } from './context.js';
import { byReadPreference } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions } from './options.js';

/** The operations that the profiler of a server records. @public */
export const ProfilingLevel = Object.freeze({ off: 'off', slowOnly: 'slow_only', all: 'all' } as const);
/** @public */
export type ProfilingLevel = (typeof ProfilingLevel)[keyof typeof ProfilingLevel];

/** @public */
export type ProfilingLevelOptions = Omit<CommandOperationOptions, 'rawData'>;
/** @public */
export type SetProfilingLevelOptions = Omit<CommandOperationOptions, 'rawData'>;

/** The levels by their numbers on the server. */
const LEVELS: readonly ProfilingLevel[] = [ProfilingLevel.off, ProfilingLevel.slowOnly, ProfilingLevel.all];

/** The profiling level of the server that the read preference selects. */
export function profilingLevel(context: OperationContext, options: ProfilingLevelOptions): Operation<ProfilingLevel> {
  return profile(context, -1, options, was => {
    const level = LEVELS[was];
    if (level === undefined) throw new MongoUnexpectedServerResponseError(`Illegal profiling level value ${was}`);
    return level;
  });
}

/** @throws MongoInvalidArgumentError if there is no such level */
export function setProfilingLevel(
  context: OperationContext,
  level: ProfilingLevel,
  options: SetProfilingLevelOptions,
): Operation<ProfilingLevel> {
  const number = LEVELS.indexOf(level);
  if (number < 0) throw new MongoInvalidArgumentError(`Profiling level must be one of "${LEVELS.join(', ')}"`);
  return profile(context, number, options, () => level);
}

function profile(
  context: OperationContext,
  level: number,
  options: CommandOperationOptions,
  result: (was: number) => ProfilingLevel,
): Operation<ProfilingLevel> {
  return byReadPreference(context, {
    access: 'read',
    name: 'profile',
    retryable: false,
    command(target) {
      const command = { profile: level };
      addGenericFields(command, options, target);
      return command;
    },
    result: ({ reply }) => result(reply.body.number('was') ?? -1),
  });
}
