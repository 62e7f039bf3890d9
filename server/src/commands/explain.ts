import { compilePipeline } from '../aggregate/pipeline.js';
import { type Document, isDocument } from '../bson/types.js';
import { type Plan, planOf, type Selection, type Source, selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileCollation } from '../query/collation.js';
import { type CommandContext } from './context.js';
import { Fields, fieldsOf } from './fields.js';
import { sourceOf } from './view.js';

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

/** explain: the plan, and with a higher verbosity what it costs. Nothing is written. */
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
  const { deployment, database } = context;
  const selection = selectionOf(name, command);
  const source = sourceOf(deployment, { database, collection });
  return {
    explainVersion: '1',
    queryPlanner: {
      namespace: `${database}.${collection}`,
      parsedQuery: selection.filter,
      winningPlan: source === undefined ? { stage: 'EOF' } : describePlan(planOf(source, selection)),
      rejectedPlans: [],
    },
    ...(verbosity === 'queryPlanner' ? {} : { executionStats: execute(context, source, selection) }),
    command: { ...command, $db: database },
  };
}

/** Which documents the command would look for: of a write, those of its first statement; of a pipeline, what it begins with. */
function selectionOf(name: string, command: Document): Selection {
  switch (name) {
    case 'aggregate': {
      const { pipeline } = command;
      return { filter: Array.isArray(pipeline) ? compilePipeline(pipeline as unknown[]).filter : {} };
    }
    case 'update':
    case 'delete': {
      const [statement] = new Fields(name, command).array(`${name}s`);
      return selectionIn(new Fields(`${name}.${name}s`, isDocument(statement) ? statement : {}), 'q');
    }
    default:
      return selectionIn(new Fields(name, command), name === 'find' ? 'filter' : 'query');
  }
}

function selectionIn(fields: Fields, filter: string): Selection {
  const limit = fields.count('limit');
  return {
    filter: fields.optionalDocument(filter) ?? {},
    sort: fields.optionalDocument('sort'),
    skip: fields.count('skip'),
    fold: compileCollation(fields.optionalDocument('collation')),
    limit: limit === 0 ? undefined : limit,
  };
}

function describePlan({ stage, indexName }: Plan): Document {
  switch (stage) {
    case 'COLLSCAN':
      return { stage, direction: 'forward' };
    case 'IDHACK':
      return { stage };
    case 'IXSCAN':
      return { stage: 'FETCH', inputStage: { stage, indexName, direction: 'forward' } };
  }
}

function execute({ operation }: CommandContext, source: Source, selection: Selection): Document {
  const before = operation.documentsExamined;
  const nReturned = selectDocuments(source, selection).length;
  const totalDocsExamined = operation.documentsExamined - before;
  return { executionSuccess: true, nReturned, executionTimeMillis: 0, totalDocsExamined };
}
