import { isDocument } from '../bson/types.js';
import { CommandError } from '../errors/command_error.js';

export interface ParsedStage {
  readonly name: string;
  readonly operand: unknown;
}

/** Stages that bring documents of their own and so can only come first. */
const sourceStages: ReadonlySet<string> = new Set([
  ...['$changeStream', '$collStats', '$currentOp', '$documents', '$indexStats', '$listLocalSessions'],
  ...['$listSearchIndexes', '$listSessions', '$planCacheStats'],
]);

export function isSourceStage(name: string): boolean {
  return sourceStages.has(name);
}

const otherStages: ReadonlySet<string> = new Set([
  ...['$addFields', '$bucket', '$bucketAuto', '$changeStreamSplitLargeEvent', '$count', '$densify', '$facet', '$fill'],
  ...['$geoNear', '$graphLookup', '$group', '$limit', '$lookup', '$match', '$merge', '$out', '$project', '$redact'],
  ...['$replaceRoot', '$replaceWith', '$sample', '$set', '$setWindowFields', '$skip', '$sort', '$sortByCount'],
  ...['$unionWith', '$unset', '$unwind'],
]);

/** @throws CommandError for a stage that MongoDB does not have, wherever it stands */
export function checkStageNames(stages: readonly unknown[]): void {
  for (const stage of stages) {
    const { name } = parseStage(stage);
    if (!isSourceStage(name) && !otherStages.has(name)) throw unrecognizedStage(name);
  }
}

export function unrecognizedStage(name: string): CommandError {
  return new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
}

export function parseStage(stage: unknown): ParsedStage {
  if (!isDocument(stage)) throw new CommandError(14, "Each element of the 'pipeline' array must be an object");
  const [name, ...others] = Object.keys(stage);
  if (name === undefined || others.length > 0) {
    throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
  }
  return { name, operand: stage[name] };
}
