// Writes docs/events.md from the event classes (src/events/*.ts) and from what the package exports, so that it says what is so.
//   node scripts/events_doc.mjs            writes
//   node scripts/events_doc.mjs --check    exits 1 if the file is not what it would write
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { goTables } from './go_events.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = `${root}/docs/events.md`;
const groups = [
  ['operation', 'Operations'],
  ['command', 'Commands'],
  ['pool', 'Pools and connections'],
  ['pending_response', 'Late replies'],
  ['server', 'Servers'],
  ['topology', 'Topology'],
  ['selection', 'Server selection'],
];

const classes = new Map();
for (const file of ['event', ...groups.map(([file]) => file)]) {
  const path = `${root}/src/events/${file}.ts`;
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  source.forEachChild(node => {
    if (ts.isClassDeclaration(node)) classes.set(node.name.text, describeClass(node, file, source));
  });
}

function describeClass(node, file, source) {
  const parent = node.heritageClauses?.[0]?.types[0]?.expression.getText(source);
  const described = { file, parent, doc: docOf(node), abstract: false, name: undefined, fields: [] };
  for (const modifier of node.modifiers ?? []) {
    if (modifier.kind === ts.SyntaxKind.AbstractKeyword) described.abstract = true;
  }
  for (const member of node.members) {
    const name = member.name?.getText(source);
    if (name === undefined || name.startsWith('#') || name.startsWith('[')) continue;
    if (ts.isGetAccessor(member) && name === 'name') {
      described.name = /'(\w+)'/.exec(member.body?.getText(source) ?? '')?.[1];
    } else if (ts.isPropertyDeclaration(member) || ts.isGetAccessor(member)) {
      const type = member.type?.getText(source).replace(/\s+/g, ' ') ?? '';
      const optional = member.questionToken !== undefined;
      described.fields.push({ name: optional ? `${name}?` : name, type, doc: docOf(member) });
    }
  }
  return described;
}

function docOf(node) {
  const [comment] = ts.getJSDocCommentsAndTags(node);
  const text = typeof comment?.comment === 'string' ? comment.comment : '';
  return text.replace(/\s+/g, ' ').trim();
}

function fieldsOf({ parent, fields }) {
  const inherited = classes.get(parent);
  return [...(inherited === undefined || parent === 'MonitoringEvent' ? [] : fieldsOf(inherited)), ...fields];
}

const cell = text => text.replaceAll('|', '\\|');
const lines = [
  '# Events',
  '',
  '<!-- Written by scripts/events_doc.mjs from src/events. Change it there. -->',
  '',
  'Listen on the client: `client.on(name, event => …)`. Nothing is made for an event that has no listener. Events are frozen. A listener that',
  'throws affects neither the others nor the driver: it is reported once as a process warning, or each time to the client option `onListenerError: (error, eventName) => …`.',
  '',
  'Every event has `sequence` (its position among all events of the client), `time` (a `Date` that events of the same half millisecond share) and `monotonicTimeMS`. **One operation is followed** by its `operationId`,',
  'which is the same for all attempts, batches and getMores, through `serverSelection…`, `connectionCheckOut…`, `command…` events and through what its errors',
  'do to servers and pools; `operationName` is the method, `attempt` counts from 1, and `connectionId` joins commands with the events of their connection.',
  'A stream of GridFS is like a cursor: one `operationId` for its life, and one call for each thing that it waits for. They are named `gridfs.upload.createIndexes`, `.write` (a chunk),',
  '`.end` (the files document), `.abort` and `.wait` (its time ended while it waited for the program); `gridfs.download.file`, `.read`, `.close` and `.wait`. The methods of a bucket are',
  '`gridfs.delete`, `gridfs.rename` and so on.',
  'Listeners are called in order, synchronously, and in the asynchronous context of the caller (`AsyncLocalStorage`), also when the operation had to wait.',
  '',
  'Commands that hold credentials are shown empty (`redacted`). What else must not be seen, the client option `redact: (commandName, document) => document`',
  'leaves out, in events and logs alike; if it throws, an empty document is shown. A `command` and a `reply` are decoded when they are first looked at.',
  '',
  '**Alerts on heartbeats.** Every `serverHeartbeatStarted` has its end. So a clean `close()` gives a `serverHeartbeatFailed` with `cancelled: true`',
  'for each check that runs, and so does a check that was given up because an operation met a network error. The official driver has no such events.',
  'No server failed there; an alert leaves them out in one line:',
  '',
  '```js',
  "client.on('serverHeartbeatFailed', event => event.cancelled || alert(event.address, event.failure));",
  '```',
  '',
];
for (const [file, title] of groups) {
  lines.push(`## ${title}`, '');
  for (const described of classes.values()) {
    if (described.file !== file || described.name === undefined) continue;
    lines.push(`### ${described.name}`, '', described.doc, '');
    const fields = fieldsOf(described);
    if (fields.length === 0) continue;
    lines.push('| field | type | |', '| --- | --- | --- |');
    for (const { name, type, doc } of fields) lines.push(`| \`${name}\` | \`${cell(type)}\` | ${cell(doc)} |`);
    lines.push('');
  }
}
lines.push(
  '## The three monitors',
  '',
  'Functions can be given as options of a client, beside its listeners and at the same time. Each gets the event and the **context** of the call that caused it:',
  '`operationId`, `operationName`, `namespace`, `deadline`, `signal`. The context is the same object for all events of one call, and null for events that no',
  'call caused, such as heartbeats. Every function may be left out; another type than a function is refused when the client is made.',
  '',
  '```js',
  'const client = new MongoClient(uri, {',
  '  commandMonitor: { failed: (event, context) => log(context.operationName, event.commandName, event.failure) },',
  '  poolMonitor: {',
  '    event({ type, address, reason }) {',
  '      if (type === PoolEventType.ConnectionClosed && reason === PoolEventReason.Error) count(address);',
  '    },',
  '  },',
  '  serverMonitor: { serverHeartbeatFailed: event => event.cancelled || alert(event.address, event.failure) },',
  '});',
  '```',
  '',
  'Functions are called synchronously, after the listeners of the client. One that throws affects nothing else, and is reported once as a process warning.',
  '',
  '## Coming from the Go driver',
  '',
  'The counterpart of each type, field and constant of the package `event`. Durations are milliseconds with fractions where Go has nanoseconds. What is',
  'absent is null or undefined where Go has a zero value. Documents are decoded where Go has raw BSON. A field with two counterparts holds both in Go',
  "(`host:port[-4]`), or one of them. The first argument of Go's callbacks, the context, is the second here.",
  '',
  ...goTables(),
);
const text = `${lines.join('\n').trimEnd()}\n`;

if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('docs/events.md is not what src/events says: run node scripts/events_doc.mjs');
  process.exit(1);
}
