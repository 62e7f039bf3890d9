import { formatValue } from '../bson/format.js';
import { asDocument, type Document, isDocument, typeOf } from '../bson/types.js';
import { CommandError } from '../errors/command_error.js';
import { compileExpression } from '../expression/compile.js';
import { compileAddFields, compileProjection } from '../query/project.js';

export type DocumentStage = (document: Document, variables: Document) => Document;

/** The stages that make one document of one document. */
export function compileDocumentStage(name: string, operand: unknown): DocumentStage {
  switch (name) {
    case '$project':
      return compileProject(operand);
    case '$set':
    case '$addFields':
      if (!isDocument(operand)) {
        throw new CommandError(40272, `${name} specification stage must be an object, got ${typeOf(operand)}`);
      }
      return compileAddFields(operand);
    case '$unset':
      return compileUnset(operand);
    case '$replaceWith':
      return compileReplace(name, operand);
    default:
      if (!isDocument(operand) || !('newRoot' in operand)) {
        throw new CommandError(
          40229,
          `expected an object as specification for $replaceRoot stage, got ${typeOf(operand)}`,
        );
      }
      return compileReplace(name, operand['newRoot']);
  }
}

function compileProject(operand: unknown): DocumentStage {
  if (!isDocument(operand)) throw new CommandError(15969, '$project specification must be an object');
  if (Object.keys(operand).length === 0) {
    throw new CommandError(
      51272,
      'Invalid $project :: caused by :: projection specification must have at least one field',
    );
  }
  return compileProjection(operand, 'aggregate');
}

function compileUnset(operand: unknown): DocumentStage {
  const fields = Array.isArray(operand) ? (operand as unknown[]) : [operand];
  if (fields.length === 0 || !fields.every(field => typeof field === 'string')) {
    throw new CommandError(31002, '$unset specification must be a string or an array of strings');
  }
  return compileProjection(Object.fromEntries(fields.map(field => [field, 0])), 'aggregate');
}

function compileReplace(name: string, operand: unknown): DocumentStage {
  const evaluate = compileExpression(operand);
  return (document, variables) => {
    const value = evaluate({ root: document, current: document, variables });
    const result = asDocument(value);
    if (result === undefined) {
      throw new CommandError(
        40228,
        `'${name === '$replaceRoot' ? 'newRoot' : 'replacement document'}' expression must evaluate to an object, but resulting value was: ${formatValue(value)}. Type of resulting value: '${typeOf(value)}'.`,
      );
    }
    return result;
  };
}
