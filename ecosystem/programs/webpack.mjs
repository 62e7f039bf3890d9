// webpack: the apps become one file each, as an ES module or as CommonJS.
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import webpack from 'webpack';
import { APPS, assertSilent, runBundle } from '../support/bundles.mjs';
import { check } from '../support/checks.mjs';

// Minifying takes webpack long: one app of each kind is enough.
const MINIFIED = ['named.mjs', 'required.cjs'];

for (const app of APPS) {
  for (const mode of MINIFIED.includes(app) ? ['production', 'development'] : ['development']) {
    const format = app.endsWith('.mjs') ? 'esm' : 'cjs';
    const extension = format === 'esm' ? 'mjs' : 'cjs';
    const folder = `bundles/webpack-${app}-${mode}`;
    let stats;
    await check(`${app} is bundled for ${mode}`, async () => {
      stats = await promisify(webpack)({
        mode,
        target: 'node20',
        devtool: false,
        entry: resolve('fixtures/apps', app),
        experiments: { outputModule: format === 'esm' },
        output: {
          module: format === 'esm',
          path: resolve(folder),
          filename: `app.${extension}`,
          chunkFormat: format === 'esm' ? 'module' : 'commonjs',
          chunkFilename: `chunk.[id].${extension}`,
        },
      });
      assertSilent(stats.compilation.errors.map(({ message }) => message));
    });
    await check(`${app} for ${mode}: no warnings`, () => {
      assertSilent(stats.compilation.warnings.map(({ message }) => message));
    });
    await check(`${app} for ${mode} runs`, () => runBundle(folder, `app.${extension}`));
  }
}
