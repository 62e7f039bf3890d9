// Writes the table of docs/timeouts.md from what the methods are seen to do (test/unit/client/timeout_table). A test compares the two.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { renderTable } = require('../.build/test/unit/client/timeout_table/table.js');

const target = fileURLToPath(new URL('../docs/timeouts.md', import.meta.url));
const text = readFileSync(target, 'utf8');
const table = await renderTable();
writeFileSync(
  target,
  text.replace(/(<!-- table: begin[^>]*-->\n\n).*(\n\n<!-- table: end -->)/s, (_, begin, end) => begin + table + end),
);
