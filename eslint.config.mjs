import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The walls of the house: which rooms of lib/ a room may import of, beside its own files. */
const doors = {
  platform: [],
  engine: ['platform'],
  metrics: ['platform'],
  networks: ['platform'],
  data: ['platform'],
  picture: ['data', 'platform'],
  formats: ['platform', 'training'],
  training: ['data', 'engine', 'formats', 'metrics', 'platform'],
  report: ['data', 'engine', 'formats', 'metrics', 'picture', 'platform', 'training'],
};

/** What stays shut behind an open door. */
const shut = {
  engine: '^(\\.\\./)+platform/(?!tensorflow$)',
  metrics: '^(\\.\\./)+platform/tensorflow$',
};

function wall(folder, open) {
  const others = ['classifier', ...Object.keys(doors)];
  const closed = others.filter((room) => room !== folder && !open.includes(room));
  // From a file of the folder itself, and from one of a folder in it.
  const group = closed.flatMap((room) =>
    [`../${room}`, `../../${room}`].flatMap((place) => [place, `${place}/*`]),
  );
  const message = `lib/${folder} knows nothing of it; see the map in the README.`;
  const patterns = [{ group, message }];
  if (shut[folder]) patterns.push({ regex: shut[folder], message });
  return {
    files: [`lib/${folder}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
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
  ...Object.entries(doors).map(([folder, open]) => wall(folder, open)),
  {
    // Later than the wall of its folder, and stricter: these files also run in a browser.
    files: ['lib/picture/*.ts'],
    ignores: ['lib/picture/readFile.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!\\.\\./data/digits$|\\./(?!readFile))',
              message: 'It knows arrays only.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['web/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '/lib/(?!picture/prepare$|data/digits$)|^digit-recognizer',
              message: 'It runs in a browser, where all else of lib/ does not.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['scripts', 'service', 'bench', 'convert', 'search'].map(
      (folder) => `${folder}/**/*.ts`,
    ),
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
