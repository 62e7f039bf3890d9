import { isNumber, toInteger } from '../bson/numbers.js';
import { asDocument, type Document, fieldOf, isDocument, setField } from '../bson/types.js';
import { CommandError } from '../errors/command_error.js';
import { compileExpression, isTrue } from '../expression/compile.js';
import { type Evaluate, type Scope } from '../expression/types.js';
import { compileElementTest } from './match.js';

export type Projection = (document: Document) => Document;

/** What to do with a field: keep it, drop it, replace it by a computed value, cut its array, or look deeper. */
type Node =
  | { readonly kind: 'include' }
  | { readonly kind: 'exclude' }
  | { readonly kind: 'compute'; readonly evaluate: Evaluate }
  | { readonly kind: 'array'; readonly cut: (values: unknown[]) => unknown[] | undefined }
  | Tree;

interface Tree {
  readonly kind: 'tree';
  readonly fields: Map<string, Node>;
}

type Mode = 'inclusion' | 'exclusion';

/** Compiles the projection of find ("find") or of $project ("aggregate"); only find knows $slice and $elemMatch on fields. */
export function compileProjection(specification: Document, dialect: 'find' | 'aggregate'): Projection {
  const tree: Tree = { kind: 'tree', fields: new Map() };
  for (const [path, value] of flatten(specification, dialect)) place(tree, path, toNode(value, dialect));
  const mode = modeOf(tree, true) ?? (includesId(tree) ? 'inclusion' : 'exclusion');
  checkMode(tree, mode, '');
  const withId = mode === 'inclusion' && !tree.fields.has('_id');
  if (withId) tree.fields.set('_id', { kind: 'include' });
  return document => {
    const scope = { root: document, current: document, variables: {} };
    return mode === 'inclusion' ? includeFields(document, tree, scope) : excludeFields(document, tree, scope);
  };
}

function includesId(tree: Tree): boolean {
  return tree.fields.get('_id')?.kind === 'include';
}

/** {a: {b: 1}} is {'a.b': 1}; {a: {$operator: …}} is a value. */
function* flatten(specification: Document, dialect: 'find' | 'aggregate', prefix = ''): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(specification)) {
    const path = `${prefix}${name}`;
    if (path === '' || path.split('.').includes('')) {
      throw new CommandError(40352, 'FieldPath cannot be constructed with empty string');
    }
    const nested = isDocument(value) && Object.keys(value)[0]?.startsWith('$') === false;
    if (nested) yield* flatten(value, dialect, `${path}.`);
    else yield [path, value];
  }
}

function toNode(value: unknown, dialect: 'find' | 'aggregate'): Node {
  if (typeof value === 'boolean' || isNumber(value)) return { kind: isTrue(value) ? 'include' : 'exclude' };
  if (dialect === 'find' && isDocument(value)) {
    if ('$elemMatch' in value) return elemMatchNode(value['$elemMatch']);
    if ('$slice' in value && !(Array.isArray(value['$slice']) && value['$slice'].length > 2))
      return sliceNode(value['$slice']);
  }
  return { kind: 'compute', evaluate: compileExpression(value) };
}

function elemMatchNode(operand: unknown): Node {
  if (!isDocument(operand)) throw new CommandError(2, 'elemMatch: Invalid argument, object required');
  const matches = compileElementTest(operand);
  return {
    kind: 'array',
    cut: values => {
      const found = values.find(matches);
      return found === undefined ? undefined : [found];
    },
  };
}

function sliceNode(operand: unknown): Node {
  const [first, second] = (Array.isArray(operand) ? operand : [operand]).map(part => toInteger(part));
  if (first === undefined)
    throw new CommandError(28667, 'Invalid $slice syntax. The given syntax did not match the find() syntax');
  return {
    kind: 'array',
    cut: values => {
      if (second === undefined) return first < 0 ? values.slice(first) : values.slice(0, first);
      const start = first < 0 ? Math.max(0, values.length + first) : first;
      return values.slice(start, start + second);
    },
  };
}

function place(tree: Tree, path: string, node: Node): void {
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let target = tree;
  for (const part of parts) {
    const next = target.fields.get(part) ?? { kind: 'tree', fields: new Map<string, Node>() };
    if (next.kind !== 'tree') throw new CommandError(31249, `Path collision at ${path}`);
    target.fields.set(part, next);
    target = next;
  }
  if (target.fields.has(last)) throw new CommandError(31250, `Path collision at ${path}`);
  target.fields.set(last, node);
}

/** Inclusion or exclusion is decided by the first field that says so; _id alone says nothing. */
function modeOf(tree: Tree, top: boolean): Mode | undefined {
  for (const [name, node] of tree.fields) {
    if (top && name === '_id' && (node.kind === 'include' || node.kind === 'exclude')) continue;
    switch (node.kind) {
      case 'include':
      case 'compute':
        return 'inclusion';
      case 'exclude':
        return 'exclusion';
      case 'tree': {
        const mode = modeOf(node, false);
        if (mode !== undefined) return mode;
        break;
      }
      case 'array':
        break;
    }
  }
  return undefined;
}

function checkMode(tree: Tree, mode: Mode, prefix: string): void {
  for (const [name, node] of tree.fields) {
    const path = `${prefix}${name}`;
    if (path === '_id') continue;
    if (node.kind === 'tree') checkMode(node, mode, `${path}.`);
    if (node.kind === 'include' && mode === 'exclusion') {
      throw new CommandError(31253, `Cannot do inclusion on field ${path} in exclusion projection`);
    }
    if (node.kind === 'exclude' && mode === 'inclusion') {
      throw new CommandError(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
    }
  }
}

/** Fields keep the order of the document; computed ones that are new come after, in the order of the projection. */
function includeFields(document: Document, tree: Tree, scope: Scope): Document {
  const result: Document = {};
  for (const name of Object.keys(document)) {
    const node = tree.fields.get(name);
    if (node === undefined || node.kind === 'exclude') continue;
    const value = includeValue(document[name], node, scope);
    if (value !== undefined) setField(result, name, value);
  }
  for (const [name, node] of tree.fields) {
    if (Object.hasOwn(document, name) || !computes(node)) continue;
    const value = node.kind === 'tree' ? includeFields({}, node, scope) : includeValue(undefined, node, scope);
    if (value !== undefined) setField(result, name, value);
  }
  return result;
}

function computes(node: Node): boolean {
  if (node.kind === 'tree') return [...node.fields.values()].some(computes);
  return node.kind === 'compute';
}

function includeValue(value: unknown, node: Node, scope: Scope): unknown {
  switch (node.kind) {
    case 'include':
      return value;
    case 'exclude':
      return undefined;
    case 'compute':
      return node.evaluate(scope);
    case 'array':
      return Array.isArray(value) ? node.cut(value) : undefined;
    case 'tree': {
      if (Array.isArray(value)) {
        return value.map(element => includeValue(element, node, scope)).filter(part => part !== undefined);
      }
      const document = asDocument(value);
      if (document !== undefined) return includeFields(document, node, scope);
      return computes(node) ? includeFields({}, node, scope) : undefined;
    }
  }
}

function excludeFields(document: Document, tree: Tree, scope: Scope): Document {
  const result: Document = {};
  for (const name of Object.keys(document)) {
    const value = excludeValue(fieldOf(document, name), tree.fields.get(name), scope);
    if (value !== undefined) setField(result, name, value);
  }
  return result;
}

function excludeValue(value: unknown, node: Node | undefined, scope: Scope): unknown {
  switch (node?.kind) {
    case undefined:
    case 'include':
      return value;
    case 'exclude':
      return undefined;
    case 'compute':
      return node.evaluate(scope);
    case 'array':
      return Array.isArray(value) ? node.cut(value) : value;
    case 'tree': {
      if (Array.isArray(value)) return value.map(element => excludeValue(element, node, scope));
      const document = asDocument(value);
      return document === undefined ? value : excludeFields(document, node, scope);
    }
  }
}

/** $addFields: computed values are set at their paths, all else stays. */
export function compileAddFields(specification: Document): (document: Document, variables: Document) => Document {
  const tree: Tree = { kind: 'tree', fields: new Map() };
  for (const [path, value] of flatten(specification, 'aggregate')) {
    place(tree, path, { kind: 'compute', evaluate: compileExpression(value) });
  }
  return (document, variables) => addFields(document, tree, { root: document, current: document, variables });
}

function addFields(document: Document, tree: Tree, scope: Scope): Document {
  const result = { ...document };
  for (const [name, node] of tree.fields) {
    const value = addValue(fieldOf(document, name), node, scope);
    if (value === undefined) Reflect.deleteProperty(result, name);
    else setField(result, name, value);
  }
  return result;
}

function addValue(value: unknown, node: Node, scope: Scope): unknown {
  if (node.kind === 'compute') return node.evaluate(scope);
  if (node.kind !== 'tree') return value;
  if (Array.isArray(value)) return value.map(element => addValue(element, node, scope));
  return addFields(asDocument(value) ?? {}, node, scope);
}
