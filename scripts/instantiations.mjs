// What programs cost the compiler: type instantiations (`tsc --extendedDiagnostics`) with this package, and with the official one.
//   node scripts/instantiations.mjs       prints the figures; fails if this package costs more, or an exact filter costs more than its limit
// The numbers depend on the sources and on the compiler's version only, not on the machine.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const types = join(root, 'test/types');
const programs = [
  ...readdirSync(join(types, 'programs')).map(file => join(types, 'programs', file)),
  join(types, 'same_program.ts'),
];
/** Programs with the types that only this package has. */
const limits = { 'exact_filter.ts': 20_000, 'exact_update.ts': 40_000 };

const rows = programs.map(file => [basename(file), instantiations(file), instantiations(file, 'node_modules/mongodb')]);
const failed = rows.filter(([, ours, official]) => ours > official).map(([name]) => name);
for (const [name, limit] of Object.entries(limits)) {
  const ours = instantiations(join(types, 'exact', name));
  rows.push([name, ours, `at most ${limit}`]);
  if (ours > limit) failed.push(name);
}
const text = value => (typeof value === 'number' ? value.toLocaleString('en') : value);
console.log(
  `type instantiations (TypeScript ${ts.version})`.padEnd(48),
  'mongotempo'.padStart(12),
  'mongodb'.padStart(16),
);
for (const [name, ours, official] of rows) {
  console.log(name.padEnd(48), text(ours).padStart(12), text(official).padStart(16));
}
if (failed.length > 0) {
  console.error(`too many: ${failed.join(', ')}`);
  process.exit(1);
}

function instantiations(file, driver) {
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    ...(driver !== undefined && { paths: { mongotempo: [join(root, driver)] } }),
  });
  const problems = [...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics()];
  if (problems.length > 0) {
    console.error(ts.formatDiagnostics(problems, ts.createCompilerHost({})));
    throw new Error(`${file} does not compile with ${driver ?? 'mongotempo'}`);
  }
  return program.getInstantiationCount();
}
