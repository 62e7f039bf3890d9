// Checks that the documents for readers of the code name only files and functions that exist.
//
// A word in backticks that ends in a file extension, or in a slash, must be a path below src/ or below the repository. An identifier in
// backticks must occur in one of the files that its paragraph names, or, if the paragraph names none, anywhere in src/.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const DOCUMENTS = ['docs/tour.md', 'docs/architecture.md'];
const PATH = /^[\w.@-]+(?:\/[\w.{},*-]+)*(?:\.(?:ts|mts|mjs|cjs|md|json)|\/)$/;
const IDENTIFIER = /^#?[A-Za-z_]\w*(?:\.#?[A-Za-z_]\w*)*(?:\(.*\))?$/;

const sources = new Map(
  readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => join(entry.parentPath ?? entry.path, entry.name))
    .map(file => [file, readFileSync(file, 'utf8')]),
);
const allSources = [...sources.values()].join('\n');
const problems = DOCUMENTS.flatMap(problemsIn);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`${DOCUMENTS.join(', ')}: every file and function is there`);

function problemsIn(document) {
  const text = readFileSync(join(root, document), 'utf8').replace(/^```.*?^```/gms, '');
  return paragraphs(text).flatMap(paragraph => {
    const words = [...paragraph.matchAll(/`([^`\n]+)`/g)].map(match => match[1]);
    const paths = words.filter(word => PATH.test(word));
    const files = paths.map(find);
    const missing = paths.filter((_, index) => files[index] === null);
    const texts = files.map(file => sources.get(file)).filter(source => source !== undefined);
    const searched = document.endsWith('tour.md') && texts.length > 0 ? texts.join('\n') : allSources;
    const unknown = words.filter(word => !PATH.test(word) && IDENTIFIER.test(word) && !occurs(word, searched));
    return [
      ...missing.map(path => `${document}: there is no file ${path}`),
      ...unknown.map(word => `${document}: ${word} does not occur in ${texts.length > 0 ? paths.join(', ') : 'src/'}`),
    ];
  });
}

/** The parts of a text that an empty line or a numbered item separates. */
function paragraphs(text) {
  return text.split(/\n\s*\n|\n(?=\d+\. )/);
}

/** A path of a document as a path of the file system, or null. */
function find(path) {
  if (/[*{]/.test(path)) return join(root, path);
  return [join(root, 'src', path), join(root, path), join(root, 'docs', path)].find(existsSync) ?? null;
}

function occurs(word, text) {
  const name = word
    .replace(/\(.*\)$/, '')
    .split('.')
    .at(-1);
  return new RegExp(`(?<![\\w#])${name}(?!\\w)`).test(text);
}
