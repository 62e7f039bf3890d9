import { type Document, isDocument } from '../bson/types.js';
import { isSourceStage, type ParsedStage, parseStage } from './parse.js';
import { type Stage } from './stage.js';
import { compileStage } from './stages.js';
import { parseTarget, type Target } from './target.js';

/** A pipeline in the parts that are run differently: where documents come from, then stages, then perhaps a target. */
export interface Pipeline {
  /** The stage that brings the documents in place of the collection. */
  readonly source: ParsedStage | undefined;
  /** The filter of a $match that comes first: the collection can answer it with its indexes. */
  readonly filter: Document;
  readonly stages: readonly Stage[];
  /** The names of all stages, in their order. */
  readonly names: readonly string[];
  /** Where $out or $merge puts the result. */
  readonly target: Target | undefined;
}

export function compilePipeline(specification: readonly unknown[]): Pipeline {
  const parsed = specification.map(parseStage);
  const target = parseTarget(parsed.at(-1));
  const rest = target === undefined ? parsed : parsed.slice(0, -1);
  const [first] = rest;
  const source = first !== undefined && isSourceStage(first.name) ? first : undefined;
  const filter = first?.name === '$match' && isDocument(first.operand) ? first.operand : undefined;
  const begun = source === undefined && filter === undefined ? rest : rest.slice(1);
  return {
    source,
    filter: filter ?? {},
    stages: begun.map(({ name, operand }) => compileStage(name, operand)),
    names: parsed.map(({ name }) => name),
    target,
  };
}
