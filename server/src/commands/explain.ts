import { type Document } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';

const VERBOSITIES = ['queryPlanner', 'executionStats', 'allPlansExecution'];
const EXPLAINABLE = new Set([
  'aggregate',
  'count',
  'delete',
  'distinct',
  'find',
  'findAndModify',
  'mapReduce',
  'update',
]);

/** explain: the shape of a plan, which here is always a scan. Nothing is carried out. */
export function explain(context: CommandContext): Document {
  const fields = fieldsOf(context);
  const command = fields.document('explain');
  const verbosity = fields.optionalString('verbosity') ?? 'allPlansExecution';
  if (!VERBOSITIES.includes(verbosity)) {
    throw new CommandError(
      ErrorCode.FailedToParse,
      `verbosity string must be one of {${VERBOSITIES.map(one => `'${one}'`).join(', ')}}`,
    );
  }
  const [name = ''] = Object.keys(command);
  if (!EXPLAINABLE.has(name)) {
    throw new CommandError(ErrorCode.CommandNotFound, `Explain failed due to unknown command: ${name}`);
  }
  const target: unknown = command[name];
  const collection = typeof target === 'string' ? target : '$cmd.aggregate';
  return {
    explainVersion: '1',
    queryPlanner: {
      namespace: `${context.database}.${collection}`,
      winningPlan: { stage: 'COLLSCAN', direction: 'forward' },
      rejectedPlans: [],
    },
    ...(verbosity !== 'queryPlanner' && { executionStats: { executionSuccess: true } }),
    command: { ...command, $db: context.database },
  };
}
