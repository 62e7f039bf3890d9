// A file imports only from layers with a lower number, or from its own folder (docs/architecture.md, "Layers").
const layers = [
  ['errors'],
  ['bson', 'runtime'],
  ['concern', 'call', 'types'],
  ['wire', 'description'],
  ['events', 'statistics'],
  ['sinks'],
  ['auth'],
  ['uri'],
  ['pool'],
  ['sdam'],
  ['sessions'],
  ['executor'],
  ['commands'],
  ['cursor', 'bulk'],
  ['client'],
  ['gridfs'],
];

const pattern = folder => `^src/${folder}/`;

const forbidden = layers.flatMap((folders, level) =>
  folders.map(folder => {
    const higher = layers.slice(level + 1).flat();
    const siblings = folders.filter(other => other !== folder);
    return {
      name: `layer-${String(level)}-${folder}`,
      comment: `${folder} is layer ${String(level)}: it may not import ${[...siblings, ...higher].join(', ')} or index.ts`,
      severity: 'error',
      from: { path: pattern(folder) },
      to: { path: [...[...siblings, ...higher].map(pattern), '^src/index\\.ts$'] },
    };
  }),
);

module.exports = {
  forbidden: [
    ...forbidden,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'one-door-to-bson',
      comment: 'src/bson/index.ts is the only file of the library that imports the package bson',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/bson/index\\.ts$' },
      to: { path: 'node_modules/bson/' },
    },
    {
      name: 'server-stands-alone',
      comment: 'the test server shares no code with the driver, or both could be wrong together',
      severity: 'error',
      from: { path: '^server/src/' },
      to: { path: '^(src|test|bench|demo)/' },
    },
    {
      name: 'library-needs-no-helpers',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(server|page|test|bench|demo)/' },
    },
    {
      name: 'page-uses-the-public-api',
      comment: 'the page is a program like any other: it imports mongotempo by name, and nothing below src/',
      severity: 'error',
      from: { path: '^page/src/' },
      to: { path: '^(src|server|test|bench|demo)/' },
    },
    {
      name: 'no-unlisted-dependency',
      severity: 'error',
      from: { path: '^(src|server/src)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-dev', 'unknown'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(lib|\\.build)/' },
  },
};
