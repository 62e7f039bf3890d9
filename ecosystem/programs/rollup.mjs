// Rollup with its plugins for packages, CommonJS and JSON: the apps become ES modules and CommonJS.
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { rollup } from 'rollup';
import { APPS, assertSilent, runBundle } from '../support/bundles.mjs';
import { check } from '../support/checks.mjs';

// Circles inside of a package are its own affair, and Rollup tells them of the official driver too.
const OF_NO_CONCERN = ['CIRCULAR_DEPENDENCY'];

for (const app of APPS) {
  const warnings = [];
  const folder = `bundles/rollup-${app}`;
  let bundle;
  await check(`${app} is bundled`, async () => {
    bundle = await rollup({
      input: `fixtures/apps/${app}`,
      plugins: [nodeResolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs(), json()],
      onwarn: warning => !OF_NO_CONCERN.includes(warning.code) && warnings.push(`${warning.code}: ${warning.message}`),
    });
  });
  for (const format of app.endsWith('.cjs') ? ['es', 'cjs'] : ['es']) {
    const extension = format === 'es' ? 'mjs' : 'cjs';
    await check(`${app} as ${format} runs`, async () => {
      const dir = `${folder}-${format}`;
      await bundle.write({ dir, format, entryFileNames: `app.${extension}`, chunkFileNames: `[name].${extension}` });
      await runBundle(dir, `app.${extension}`);
    });
  }
  await check(`${app}: no warnings`, () => assertSilent(warnings));
}
