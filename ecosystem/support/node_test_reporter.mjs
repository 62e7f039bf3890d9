// Reporter of node:test: each test that has no tests of its own becomes one line of the report.
import { appendFileSync } from 'node:fs';

export default async function* (events) {
  const path = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') {
      path.length = data.nesting;
      path.push(data.name);
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const above = path.slice(0, data.nesting);
    if (data.details.type === 'suite' || data.skip !== undefined) continue;
    const line = { check: [...above, data.name].join(' › '), ok: type === 'test:pass' };
    const error = data.details.error?.cause ?? data.details.error;
    if (!line.ok) line.error = String(error?.stack ?? error);
    appendFileSync(process.env.ECOSYSTEM_REPORT, `${JSON.stringify(line)}\n`);
    if (!line.ok) yield `${line.check}: ${line.error}\n`;
  }
}
