import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      '**/lib/**',
      'stand_in/**',
      '.build/**',
      'coverage/**',
      'node_modules/**',
      'test/types/**',
      'ecosystem/types/**',
      'ecosystem/fixtures/**',
      'ecosystem/services/**',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'No default exports: a thing has one name.' },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // A field that is read through an index signature is written doc['x'] because the compiler asks for it.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  {
    // Effects at the edge: time, timers and randomness come from src/runtime.
    files: ['src/**/*.ts'],
    ignores: ['src/runtime/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'setTimeout', message: 'Use Clock.setTimer (src/runtime/clock.ts).' },
        { name: 'setInterval', message: 'Use Clock.setTimer (src/runtime/clock.ts).' },
        { name: 'setImmediate', message: 'Use Clock (src/runtime/clock.ts).' },
        { name: 'performance', message: 'Use Clock.now (src/runtime/clock.ts).' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Use Random (src/runtime/random.ts).' },
        { object: 'Date', property: 'now', message: 'Use Clock.wallTime (src/runtime/clock.ts).' },
      ],
    },
  },
  {
    // A reader holds one function in mind at a time.
    files: ['src/**/*.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-depth': ['error', 3],
    },
  },
  {
    files: ['test/**/*.ts', 'server/test/**/*.ts', 'page/test/**/*.ts'],
    rules: {
      // node:test's describe and it return promises that the runner itself awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['describe', 'it', 'test', 'suite'] },
          ],
        },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: [
      'demo/**/*.ts',
      'bench/**/*.ts',
      'ecosystem/*.ts',
      'test/fuzz/**/*.ts',
      'test/failover/**',
      'test/changestream/**/*.ts',
      'test/soak/**/*.ts',
      'test/spec/run.ts',
      'server/src/cli.ts',
      'page/src/cli.ts',
    ],
    rules: { 'no-console': 'off' },
  },
);
