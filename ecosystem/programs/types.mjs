// The declarations, whole (skipLibCheck: false), under three module resolutions: for programs of the driver and of libraries that use its types.
import { readdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import ts from 'typescript';
import { check } from '../support/checks.mjs';

const RESOLUTIONS = [
  ['node16', { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 }],
  ['nodenext', { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }],
  ['bundler', { module: ts.ModuleKind.Preserve, moduleResolution: ts.ModuleResolutionKind.Bundler }],
];
/** The driver, and the libraries whose declarations name its types. Errors of others are no affair of a driver. */
const DRIVER = ['mongodb', 'mongotempo', 'bson'];
const LIBRARIES = [
  'mongoose',
  'typeorm',
  'connect-mongo',
  '@keyv/mongo',
  'papr',
  '@agendajs/mongo-backend',
  '@auth/mongodb-adapter',
  '@fastify/mongodb',
];
const files = readdirSync('types').map(name => resolve('types', name));

for (const [name, options] of RESOLUTIONS) {
  const program = ts.createProgram(files, {
    ...options,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    esModuleInterop: true,
    noEmit: true,
    skipLibCheck: false,
  });
  const found = ts.getPreEmitDiagnostics(program);
  const textOf = ({ file, start, messageText }) => {
    const line = file === undefined ? '' : ts.getLineAndCharacterOfPosition(file, start).line + 1;
    return `${file?.fileName ?? ''}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  };
  const none = diagnostics => {
    if (diagnostics.length > 0) throw new Error(diagnostics.slice(0, 5).map(textOf).join('\n'));
  };
  for (const file of files) {
    await check(`${name}: ${basename(file)}`, () => none(found.filter(({ file: where }) => where?.fileName === file)));
  }
  const packageOf = path => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  const within = packages => found.filter(({ file }) => packages.includes(packageOf(file?.fileName ?? '')));
  await check(`${name}: the declarations of the driver`, () => none(within(DRIVER)));
  for (const library of LIBRARIES) {
    await check(`${name}: the declarations of ${library}`, () => none(within([library])));
  }
}
