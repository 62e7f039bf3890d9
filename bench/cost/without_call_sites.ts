/** Makes a copy of the library that publishes nothing: with it plain findOne shows what it costs to ask whether an event is wanted. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../../..');

/** Those that publish, or tell the meter and the tracer. */
const FOLDERS = ['client', 'cursor', 'executor', 'pool', 'sdam'];
/** Calls that only publish, by what they are called on, or by their name. */
const PUBLISHES = /^(?:(?:.*\.)?#?events|(?:.*\.)?meter)\??\.\w+$|publishRetry\)?$/;
/** Calls that make what publishes, where it is wanted. */
const MAKES = /\.(?:CallEvents|CommandEvents)\.start$/;
/** What is asked before something is kept for an event. */
const ASKS: ReadonlySet<string> = new Set(['wantsCalls', 'areSelectionsTimed']);
/** Of these there must be so many at least: otherwise the library calls them something else now, and nothing was taken out. */
const LEAST_SITES = 40;

/** @returns the folder of the package, and what removes it */
export function libraryWithoutCallSites(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'without-call-sites-'));
  symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'), 'junction');
  cpSync(join(ROOT, 'package.json'), join(path, 'package.json'));
  cpSync(join(ROOT, 'lib'), join(path, 'lib'), { recursive: true });
  let sites = 0;
  for (const folder of FOLDERS) {
    const directory = join(path, 'lib', folder);
    for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.js')) continue;
      const file = join(directory, name);
      const edits = editsOf(readFileSync(file, 'utf8'));
      sites += edits.length;
      if (edits.length > 0) writeFileSync(file, edited(readFileSync(file, 'utf8'), edits));
    }
  }
  if (sites < LEAST_SITES) throw new Error(`Only ${sites} call sites were found; has the library changed?`);
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function editsOf(source: string): Edit[] {
  const file = ts.createSourceFile('x.js', source, ts.ScriptTarget.ES2023, true, ts.ScriptKind.JS);
  const edits: Edit[] = [];
  const replace = (node: ts.Node, text: string) => edits.push({ start: node.getStart(), end: node.getEnd(), text });
  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression)) {
      if (PUBLISHES.test(node.expression.expression.getText())) return void replace(node, ';');
    }
    if (ts.isCallExpression(node) && MAKES.test(node.expression.getText())) return void replace(node, 'null');
    if (ts.isPropertyAccessExpression(node) && ASKS.has(node.name.text)) return void replace(node, 'false');
    ts.forEachChild(node, visit);
  };
  visit(file);
  return edits;
}

function edited(source: string, edits: readonly Edit[]): string {
  let text = source;
  for (const { start, end, text: by } of edits.toReversed()) text = text.slice(0, start) + by + text.slice(end);
  return text;
}
