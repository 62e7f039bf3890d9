// Vite: builds for servers, with the driver inside of the bundle and outside of it, and a development server that loads an app.
import assert from 'node:assert/strict';
import { build, createLogger, createServer } from 'vite';
import { assertSilent, EXPECTED, runBundle } from '../support/bundles.mjs';
import { check, uri } from '../support/checks.mjs';

const APPS = ['named.mjs', 'namespace.mjs', 'default.mjs', 'dynamic.mjs'];

function quietLogger(warnings) {
  const logger = createLogger('warn');
  logger.warn = message => warnings.push(message);
  logger.warnOnce = message => warnings.push(message);
  return logger;
}

for (const app of APPS) {
  const warnings = [];
  const folder = `bundles/vite-${app}`;
  await check(`${app} is built for servers, with the driver inside`, () =>
    build({
      configFile: false,
      logLevel: 'warn',
      customLogger: quietLogger(warnings),
      ssr: { noExternal: true },
      build: {
        ssr: `fixtures/apps/${app}`,
        outDir: folder,
        target: 'node20',
        rollupOptions: { output: { entryFileNames: 'app.mjs', chunkFileNames: '[name].mjs' } },
      },
    }),
  );
  await check(`${app}: no warnings`, () => assertSilent(warnings));
  await check(`${app} runs`, () => runBundle(folder, 'app.mjs'));
}

const warnings = [];
let server;
await check('the development server loads an app', async () => {
  process.env.ECOSYSTEM_URI = uri;
  server = await createServer({
    configFile: false,
    customLogger: quietLogger(warnings),
    server: { middlewareMode: true, ws: false },
    appType: 'custom',
    optimizeDeps: { noDiscovery: true },
  });
  const printed = [];
  const print = console.log;
  console.log = line => printed.push(line);
  try {
    await server.ssrLoadModule('/fixtures/apps/named.mjs');
  } finally {
    console.log = print;
  }
  assert.deepEqual(JSON.parse(printed[0]), EXPECTED);
});
await check('the development server: no warnings', () => assertSilent(warnings));
await server?.close();
