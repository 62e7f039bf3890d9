import { type BsonDocument } from '../bson/document.js';
import { type Document, isDocument } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileMatch, type Matcher } from '../query/match.js';

/** What a collection asks of its documents, by the options of `create` and `collMod`. */
export class Validator {
  readonly #specification: Document;
  readonly #matches: Matcher;
  readonly #isStrict: boolean;

  private constructor(specification: Document, isStrict: boolean) {
    this.#specification = specification;
    this.#matches = compileMatch(specification);
    this.#isStrict = isStrict;
  }

  /** undefined when everything goes, or is only warned of. @throws CommandError for a validator that cannot be. */
  static of({ validator, validationLevel, validationAction }: Document): Validator | undefined {
    if (!isDocument(validator) || Object.keys(validator).length === 0) return undefined;
    const compiled = new Validator(validator, validationLevel !== 'moderate');
    return validationLevel === 'off' || validationAction === 'warn' ? undefined : compiled;
  }

  /** @throws CommandError when `after` may not be. At level moderate, a document that was wrong before may stay so. */
  check(after: BsonDocument, before?: BsonDocument): void {
    if (this.#matches(after.value)) return;
    if (before !== undefined && !this.#isStrict && !this.#matches(before.value)) return;
    const [operatorName = ''] = Object.keys(this.#specification);
    const isSchema = operatorName === '$jsonSchema';
    throw new CommandError(ErrorCode.DocumentValidationFailure, 'Document failed validation', {
      errInfo: {
        failingDocumentId: after.value['_id'],
        details: isSchema
          ? { operatorName, schemaRulesNotSatisfied: [{ specifiedAs: this.#specification[operatorName] }] }
          : {
              operatorName: operatorName.startsWith('$') ? operatorName : '$eq',
              specifiedAs: this.#specification,
              reason: 'comparison failed',
            },
      },
    });
  }
}
