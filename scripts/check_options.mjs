// Checks what the compiler cannot see of options:
//   - an option of a method's public type is in OPTION_NAMES (src/commands/option_names.ts), or its use prints a warning;
//   - the documentation of a client option exists, and names the default that the table has (src/uri/client_options.ts).
// Reads lib/, which must be built.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const { OPTION_NAMES: methodOptions } = require(join(root, 'lib/commands/option_names.js'));
const { optionNamed } = require(join(root, 'lib/uri/options/table.js'));

const program = ts.createProgram([join(root, 'lib/index.d.ts')], {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  skipLibCheck: true,
  types: ['node'],
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
});
const checker = program.getTypeChecker();
const entry = checker.getSymbolAtLocation(program.getSourceFile(join(root, 'lib/index.d.ts')));
const exported = new Map(checker.getExportsOfModule(entry).map(symbol => [symbol.name, resolved(symbol)]));

const problems = [...undeclaredMethodOptions(), ...wrongDocumentation()];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log('options: methods know all of their options, and the documentation names the defaults of the table');

function resolved(symbol) {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

function undeclaredMethodOptions() {
  const known = new Set(methodOptions);
  const found = new Map();
  for (const name of ['MongoClient', 'Db', 'Collection', 'Admin', 'ClientSession', 'FindCursor', 'AggregationCursor']) {
    for (const member of checker.getDeclaredTypeOfSymbol(exported.get(name)).getProperties()) {
      for (const option of optionsOf(member)) {
        if (!known.has(option)) found.set(option, `${name}.${member.name}`);
      }
    }
  }
  return [...found].map(([option, method]) => `${method}: OPTION_NAMES lacks the option ${option}`);
}

/** The names of what may stand in the parameters of a method that are called `options`. */
function optionsOf(method) {
  const signatures = checker.getTypeOfSymbol(method).getCallSignatures();
  return signatures.flatMap(signature =>
    signature
      .getParameters()
      .filter(parameter => /^_?options$/.test(parameter.name))
      .flatMap(parameter => objectsIn(checker.getTypeOfSymbol(parameter)))
      .flatMap(type => checker.getPropertiesOfType(type).map(property => property.name)),
  );
}

function objectsIn(type) {
  const types = type.isUnion() ? type.types : [type];
  return types.filter(one => (one.flags & ts.TypeFlags.Object) !== 0 || one.isIntersection());
}

function wrongDocumentation() {
  const options = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(exported.get('MongoClientOptions')));
  return options.flatMap(option => {
    const isOurs = option.declarations.every(({ parent }) => parent.getSourceFile().fileName.includes('/lib/uri/'));
    const isDeprecated = option.getJsDocTags(checker).some(tag => tag.name === 'deprecated');
    if (!isOurs || isDeprecated) return [];
    const text = ts.displayPartsToString(option.getDocumentationComment(checker)).replace(/\s+/g, ' ');
    if (text === '') return [`MongoClientOptions.${option.name} has no documentation`];
    const { default: byDefault, into } = optionNamed(option.name);
    const [, documented] = /\bDefault `?(-?\w+)/.exec(text) ?? [];
    const isScalar = ['number', 'boolean', 'string'].includes(typeof byDefault);
    // A rule in resolve.ts, and not the table, decides about the default of an option that goes into another field.
    if (documented === (isScalar ? String(byDefault) : undefined) || (!isScalar && into !== undefined)) return [];
    return [
      `MongoClientOptions.${option.name} documents the default ${documented}; the table has ${String(byDefault)}`,
    ];
  });
}
