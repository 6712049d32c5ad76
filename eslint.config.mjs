import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The walls of the house: which folders of lib/ a folder imports nothing of. */
const walls = {
  platform: [
    'classifier',
    'data',
    'engine',
    'formats',
    'metrics',
    'networks',
    'picture',
    'report',
    'training',
  ],
  engine: [
    'classifier',
    'data',
    'formats',
    'metrics',
    'networks',
    'picture',
    'report',
    'training',
    'platform/!(tensorflow)',
  ],
  metrics: [
    'classifier',
    'data',
    'engine',
    'formats',
    'networks',
    'picture',
    'report',
    'training',
    'platform/tensorflow',
  ],
  data: ['classifier', 'engine', 'formats', 'metrics', 'networks', 'picture', 'report', 'training'],
  networks: ['classifier', 'data', 'engine', 'formats', 'metrics', 'picture', 'report', 'training'],
  picture: ['classifier', 'engine', 'formats', 'metrics', 'networks', 'report', 'training'],
  formats: ['classifier', 'data', 'engine', 'metrics', 'networks', 'picture', 'report'],
  training: ['classifier', 'networks', 'picture', 'report'],
  report: ['classifier', 'networks'],
};

function wall(folder, rooms) {
  // From a file of the folder itself, and from one of a folder in it.
  const group = rooms.flatMap((room) =>
    [`../${room}`, `../../${room}`].flatMap((place) => [place, `${place}/*`]),
  );
  const message = `lib/${folder} knows nothing of it; see the map in the README.`;
  return {
    files: [`lib/${folder}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
  };
}

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/',
      '**/dist/',
      '**/.venv/',
      '**/.venv-old-*/',
      '.native/',
      '.jupyter/',
      'results/',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    // An import in the form of a require stays where it is written, which lib/platform/tensorflow.ts needs.
    rules: { '@typescript-eslint/no-require-imports': ['error', { allowAsImport: true }] },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        require: 'readonly',
        module: 'writable',
        Buffer: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        fetch: 'readonly',
      },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  ...Object.entries(walls).map(([folder, rooms]) => wall(folder, rooms)),
  {
    // Later than the wall of its folder, and stricter: this file also runs in a browser.
    files: ['lib/picture/prepare.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(?!\\.\\./data/digits$)', message: 'It knows arrays only.' }] },
      ],
    },
  },
  {
    files: ['scripts/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['../lib/*', '!../lib/engine'],
              message: "Come through the door, '../lib', as users do.",
            },
          ],
        },
      ],
    },
  },
);
