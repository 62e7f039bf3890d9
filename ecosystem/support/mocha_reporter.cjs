// Reporter of Mocha: each test becomes one line of the report.
const { appendFileSync } = require('node:fs');

module.exports = class Reporter {
  constructor(runner) {
    const note = line => appendFileSync(process.env.ECOSYSTEM_REPORT, `${JSON.stringify(line)}\n`);
    const nameOf = test => test.titlePath().join(' › ');
    runner.on('pass', test => note({ check: nameOf(test), ok: true }));
    runner.on('fail', (test, error) => note({ check: nameOf(test), ok: false, error: error.stack ?? error.message }));
  }
};
