// Puts the declarations of the library into one file: lib/index.d.ts, for `require`. What `import` gets has the same types, so index.d.mts names
// them again and declares nothing: a class that is declared twice would be two types for a program that uses both.
//
// The map beside it leads from each name to its place in src/, which is published too: "go to definition" shows the source.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import ts from 'typescript';

/** `declarations` is the folder that tsc wrote a declaration for each source into; `root` that of package.json. */
export function rollUpTypes(root, declarations) {
  const rolledUp = join(root, 'lib/index.d.ts');
  rmSync(`${rolledUp}.map`, { force: true });
  extract(root, join(declarations, 'index.d.ts'), rolledUp);
  const text = readFileSync(rolledUp, 'utf8').replace(/\nexport \{ \}\n$/, '\n');
  const whole = `${text}${augmentations(declarations, text).join('\n')}`;
  writeFileSync(rolledUp, `${whole}\n//# sourceMappingURL=index.d.ts.map\n`);
  writeFileSync(`${rolledUp}.map`, JSON.stringify(mapOf(whole, rolledUp, declarations)));
}

function extract(root, entry, output) {
  const config = ExtractorConfig.prepare({
    configObjectFullPath: join(root, 'api-extractor.json'),
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: entry,
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: join(root, 'tsconfig.build.json') },
      apiReport: { enabled: false, reportFileName: 'unused' },
      docModel: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: output },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'warning' } },
        extractorMessageReporting: { default: { logLevel: 'none' } },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const forgotten = [];
  const { succeeded } = Extractor.invoke(config, {
    localBuild: true,
    messageCallback: message => {
      // Whatever is said of the analysis as such (versions, "completed") is no news in a build.
      if (message.category === 'console') message.logLevel = 'none';
      if (message.messageId !== 'ae-forgotten-export') return;
      message.logLevel = 'none';
      // Types of filters and updates have helpers that are nothing by themselves.
      const file = message.sourceFilePath.split(sep).join('/');
      if (!/\/src\/types\/[^/]+\.ts$/.test(file)) forgotten.push(`${file}: ${message.text}`);
    },
  });
  if (forgotten.length > 0)
    throw new Error(`Export it, or mark what reaches it as @internal:\n${forgotten.join('\n')}`);
  if (!succeeded) throw new Error('the declarations could not be rolled up');
}

/**
 * What one module adds to an interface or class of another, as declarations that merge with it: api-extractor leaves them out, and in one file
 * no module is there to be named.
 */
function augmentations(declarations, text) {
  return declarationFiles(declarations).flatMap(file =>
    parse(file).statements.flatMap(statement => {
      const isOne = ts.isModuleDeclaration(statement) && ts.isStringLiteral(statement.name);
      if (!isOne || !statement.name.text.startsWith('.')) return [];
      return statement.body.statements.map(inner => {
        if (!new RegExp(`^export declare (?:abstract )?(?:class|interface) ${inner.name.text}\\b`, 'm').test(text)) {
          throw new Error(`${file} adds to ${inner.name.text}, which is not exported by this name`);
        }
        const comment = inner.getFullText().slice(0, inner.getLeadingTriviaWidth()).trim();
        return `${comment}${comment && '\n'}export declare ${inner.getText().replaceAll(/^ {4}/gm, '')}\n`;
      });
    }),
  );
}

/** A source map, version 3, from the names in the rolled up file to those in src/. */
function mapOf(text, file, declarations) {
  const homes = homesOf(declarations);
  const sources = [];
  const lines = [];
  const rolledUp = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  for (const [key, names] of namesIn(rolledUp.statements)) {
    const [, type, member] = /^(\w+)(.*)$/.exec(key);
    const home = homes.get(type);
    const originals = home?.names.get(`${home.type}${member}`) ?? [];
    for (const [index, name] of names.entries()) {
      const original = originals[index] && originalPosition(originals[index]);
      if (original === undefined) continue;
      const source = relative(dirname(file), original.source).split(sep).join('/');
      if (!sources.includes(source)) sources.push(source);
      const { line, character } = rolledUp.getLineAndCharacterOfPosition(name.getStart());
      lines[line] ??= [];
      lines[line].push([character, sources.indexOf(source), original.line, original.column]);
    }
  }
  return { version: 3, file: 'index.d.ts', sourceRoot: '', sources, names: [], mappings: mappings(lines) };
}

/** For each name that the entry point exports: its name in the module that declares it, and the names which that module declares. */
function homesOf(declarations) {
  const modules = new Map();
  const moduleOf = file => {
    if (!modules.has(file)) modules.set(file, []);
    return modules.get(file);
  };
  const target = (from, specifier) => resolve(dirname(from), specifier.text.replace(/\.js$/, '.d.ts'));
  for (const file of declarationFiles(declarations)) {
    for (const statement of parse(file).statements) {
      if (!ts.isModuleDeclaration(statement)) moduleOf(file).push(statement);
      else moduleOf(target(file, statement.name)).push(...statement.body.statements);
    }
  }
  const entry = join(declarations, 'index.d.ts');
  const homes = new Map();
  for (const statement of modules.get(entry)) {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) continue;
    const names = namesIn(modules.get(target(entry, statement.moduleSpecifier)) ?? []);
    const exported = statement.exportClause?.elements ?? [...names.keys()].map(name => ({ name: { text: name } }));
    for (const { name, propertyName = name } of exported) homes.set(name.text, { type: propertyName.text, names });
  }
  return homes;
}

/** The identifiers that declare something, by `Type.member` and the like; several for one that is declared in parts. */
function namesIn(statements) {
  const found = new Map();
  const add = (key, name) => found.set(key, [...(found.get(key) ?? []), name]);
  for (const statement of statements) {
    for (const { name, members = [] } of statement.declarationList?.declarations ?? [statement]) {
      if (name === undefined || !ts.isIdentifier(name)) continue;
      add(name.text, name);
      for (const member of members) {
        if (member.name === undefined || ts.isPrivateIdentifier(member.name)) continue;
        const kind = ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Static ? ' static' : '';
        add(`${name.text}${kind}.${member.name.getText()}`, member.name);
      }
    }
  }
  return found;
}

const maps = new Map();

/** Where tsc took a name of a declaration file from. */
function originalPosition(name) {
  const file = name.getSourceFile();
  const { line, character } = file.getLineAndCharacterOfPosition(name.getStart());
  if (!maps.has(file)) maps.set(file, new SourceMap(JSON.parse(readFileSync(`${file.fileName}.map`, 'utf8'))));
  const entry = maps.get(file).findEntry(line, character);
  if (entry.originalSource === undefined) return undefined;
  const source = resolve(dirname(file.fileName), entry.originalSource);
  return { source, line: entry.originalLine, column: entry.originalColumn };
}

/** The field `mappings`: for each line its segments, each number as the difference from the one before. */
function mappings(lines) {
  const before = [0, 0, 0, 0];
  const difference = (number, field) => {
    const text = base64VLQ(number - before[field]);
    before[field] = number;
    return text;
  };
  return Array.from(lines, (segments = []) => {
    before[0] = 0;
    const inOrder = segments.sort((one, other) => one[0] - other[0]);
    return inOrder.map(segment => segment.map((number, field) => difference(number, field)).join('')).join(',');
  }).join(';');
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Five bits at a time, the least ones first, the sign in the lowest; the sixth bit says that more follow. */
function base64VLQ(number) {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += BASE64[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}

function declarationFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.d.ts'))
    .map(entry => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function parse(file) {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}
