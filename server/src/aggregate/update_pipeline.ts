import { type Document, isDocument } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileDocumentStage } from './document_stages.js';

type DocumentStage = (document: Document, variables: Document) => Document;

const allowed: ReadonlySet<string> = new Set([
  '$set',
  '$addFields',
  '$unset',
  '$project',
  '$replaceWith',
  '$replaceRoot',
]);

/** An update given as a pipeline: each stage makes a document of a document. */
export function compilePipelineUpdate(stages: readonly unknown[]): DocumentStage {
  const compiled = stages.map(stage => {
    const [name, ...others] = isDocument(stage) ? Object.keys(stage) : [];
    if (name === undefined || others.length > 0 || !isDocument(stage)) {
      throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
    }
    if (!allowed.has(name)) {
      throw new CommandError(ErrorCode.InvalidOptions, `${name} is not allowed to be used within an update`);
    }
    return compileDocumentStage(name, stage[name]);
  });
  return (document, variables) => compiled.reduce((current, stage) => stage(current, variables), document);
}
