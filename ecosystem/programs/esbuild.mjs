// esbuild: the apps become one file each, as an ES module and as CommonJS.
import { build } from 'esbuild';
import { APPS, assertSilent, runBundle } from '../support/bundles.mjs';
import { check, driver } from '../support/checks.mjs';

// The official driver is CommonJS: esbuild leaves its `require` of Node's own modules in an ES module, and its documentation gives this line for it. Ours comes
// as ES modules, and needs none.
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

for (const app of APPS) {
  for (const format of ['esm', 'cjs']) {
    if (format === 'cjs' && app.endsWith('.mjs')) continue; // a top-level await cannot become CommonJS
    const folder = `bundles/esbuild-${app}-${format}`;
    const extension = format === 'esm' ? '.mjs' : '.cjs';
    const bundle = minify =>
      build({
        entryPoints: { [`app${minify ? '.min' : ''}`]: `./fixtures/apps/${app}` },
        bundle: true,
        platform: 'node',
        target: 'node20',
        format,
        minify,
        outdir: folder,
        outExtension: { '.js': extension },
        banner: format === 'esm' && driver === 'mongodb' ? { js: REQUIRE } : {},
        logLevel: 'silent',
      });
    let warnings;
    await check(`${app} is bundled as ${format}`, async () => ({ warnings } = await bundle(false)));
    await check(`${app} as ${format}: no warnings`, () => assertSilent(warnings.map(({ text }) => text)));
    await check(`${app} as ${format} runs`, () => runBundle(folder, `app${extension}`));
    await check(`${app} as ${format} runs when it is minified`, async () => {
      await bundle(true);
      await runBundle(folder, `app.min${extension}`);
    });
  }
}
