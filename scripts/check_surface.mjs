// Compares what this package exports with the public API of the official driver, as a file tells that was made from it by reflection:
// exports, members of classes, statics, names of events and errors, and the names of types.
//   npm run check:surface        prints what is missing, by area; fails if an area that is done misses something
// The file is not part of this repository. It is found by OFFICIAL_API (default: ../shared/design/official-api.json).
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = process.env.OFFICIAL_API ?? join(root, '../shared/design/official-api.json');
if (!existsSync(file)) {
  console.log(`skipped: ${file} is not there (OFFICIAL_API names another)`);
  process.exit(0);
}
const api = JSON.parse(readFileSync(file, 'utf8'));
const ours = createRequire(import.meta.url)(join(root, 'lib/index.js'));

/** Areas that are still to come, by the names that belong to them. Whatever is not here is done, and must be there. */
const LATER = {
  'client-side encryption': /^ClientEncryption\..*$/,
  authentication: /^(MongoClientAuthProviders|MongoCredentials\.resolveAuthMechanism)$/,
  // No public method of either driver needs them.
  "the official driver's own parts":
    /^(ChangeStreamCursor|CancellationToken|CancellationToken\..*|CommandStartedEvent\.commandObj|Batch\.serializedOperations|ConnectionPoolOptions\.loadBalanced)$/,
};

/** Index signatures stand in these lists too. */
const isName = name => !/^\[(?!Symbol)/.test(name);

const areaOf = name => Object.keys(LATER).find(area => LATER[area].test(name)) ?? 'done';
const missing = new Map();
let looked = 0;

function expect(name, present, what) {
  if (!isName(name.slice(name.indexOf('.') + 1))) return;
  looked++;
  if (present) return;
  const area = areaOf(name);
  missing.set(area, [...(missing.get(area) ?? []), `${what} ${name}`]);
}

const program = ts.createProgram([join(root, 'lib/index.d.ts')], {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  skipLibCheck: true,
  types: ['node'],
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
});
const checker = program.getTypeChecker();
const source = program.getSourceFile(join(root, 'lib/index.d.ts'));
const declared = new Map(
  checker.getExportsOfModule(checker.getSymbolAtLocation(source)).map(symbol => [symbol.name, symbol]),
);

/** Names of the public members of an instance, inherited ones too; `__@asyncDispose@12` is `[Symbol.asyncDispose]`. */
function membersOf(name) {
  let symbol = declared.get(name);
  if (symbol === undefined) return new Set();
  if ((symbol.flags & ts.SymbolFlags.Alias) !== 0) symbol = checker.getAliasedSymbol(symbol);
  const members = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  return new Set(members.map(({ name: member }) => member.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]')));
}

/** `readonly insertedCount: number` and `insert(document: Document): this` are of these names. */
const nameOf = text =>
  /^(?:readonly |get |set |static |protected |abstract )*(\[[^\]]+\]|[\w$]+)/.exec(text)?.[1] ?? text;

for (const { name, kind, values } of api.exports) {
  expect(name, name in ours, 'export');
  if (!(name in ours)) continue;
  if (kind === 'class') expect(name, typeof ours[name] === 'function', 'class');
  for (const [key, value] of Object.entries(values ?? {})) {
    expect(`${name}.${key}`, ours[name][key] === value, 'value');
  }
}
for (const { name } of api.typeExports) expect(name, declared.has(name), 'type');
for (const [name, { public: members, eventConstants }] of Object.entries(api.classes)) {
  if (!(name in ours)) continue;
  const own = membersOf(name);
  for (const member of [...members.methods, ...members.getters, ...members.props].map(nameOf)) {
    expect(`${name}.${member}`, own.has(member), 'member');
  }
  for (const member of members.methods.filter(method => !method.startsWith('['))) {
    expect(`${name}.${member}`, member in ours[name].prototype || members.abstract.includes(member), 'method');
  }
  for (const member of members.statics.map(nameOf)) expect(`${name}.${member}`, member in ours[name], 'static');
  for (const [key, value] of Object.entries(eventConstants)) {
    expect(`${name}.${key}`, ours[name][key] === value, 'constant');
  }
}
for (const [name, { methods, getters, props }] of Object.entries(api.typeOnlyClasses)) {
  if (!declared.has(name)) continue;
  const own = membersOf(name);
  for (const member of [...methods, ...getters, ...props].map(nameOf)) {
    expect(`${name}.${member}`, own.has(member), 'member');
  }
}
for (const [name, { fields }] of Object.entries(api.eventClasses)) {
  const own = membersOf(name);
  for (const field of fields.map(nameOf)) expect(`${name}.${field}`, own.has(field), 'field');
}
const clientEvents = membersOf('MongoClientEvents');
for (const name of api.clientEvents) expect(name, clientEvents.has(name), 'event of MongoClient');
for (const [name, value] of Object.entries(api.errorNames)) {
  if (name in ours) expect(name, ours[name].prototype.name === value, 'name of the error');
}
for (const label of api.errorLabels) expect(label, Object.values(ours.MongoErrorLabel).includes(label), 'error label');
for (const [name, { fields }] of Object.entries(api.optionInterfaces)) {
  if (!declared.has(name)) continue;
  const own = membersOf(name);
  for (const field of fields.map(text => nameOf(text.replace(/^'(.*?)'/, '$1')))) {
    expect(`${name}.${field}`, own.has(field), 'field');
  }
}

for (const [area, names] of [...missing].sort(([one]) => (one === 'done' ? 1 : -1))) {
  console.log(`\n${area === 'done' ? 'missing' : `to come: ${area}`} (${names.length})`);
  console.log(names.map(name => `  ${name}`).join('\n'));
}
const count = missing.get('done')?.length ?? 0;
console.log(`\n${looked} looked at, ${count} missing in areas that are done`);
process.exit(count === 0 ? 0 : 1);
