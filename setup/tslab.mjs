// Where is tslab, and what is mended in it? Names of earlier cells become properties of `exports`, and
// its converter forgets some places: `{ seed }` throws, `({ seed } = options)` assigns to nothing
// without a word, and `const { seed: own } = options` does not parse.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SetupError } from './commands.mjs';
import { writeFileAtomically } from './stamps.mjs';

/** SHA-256 of dist/converter.js: as tslab 1.0.22 has it, and with the changes below. */
const original = '2c671708872c2ad7c36db9f703e5917571e73a62c4cf67f5abad0bd02c56b832';
const mended = '87df921b265851486ad80ea8075896d6e9aa01ba6cf3341fd2a3986ae29e412f';

/** What is replaced by what, each of them found once. */
export const changes = [
  [
    `            if (!ts.isIdentifier(node)) {
                return ts.visitEachChild(node, wrapPrevIdentifier, nullTransformationContext);
            }
`,
    `            if (ts.isShorthandPropertyAssignment(node)) {
                const { name, objectAssignmentInitializer } = node;
                const initializer = ts.visitNode(objectAssignmentInitializer, wrapPrevIdentifier);
                const value = wrapIfPrev(name, checker.getShorthandAssignmentValueSymbol(node));
                if (value === name) {
                    return ts.factory.updateShorthandPropertyAssignment(node, name, initializer);
                }
                return ts.factory.createPropertyAssignment(name, initializer ? ts.factory.createAssignment(value, initializer) : value);
            }
            if (!ts.isIdentifier(node)) {
                return ts.visitEachChild(node, wrapPrevIdentifier, nullTransformationContext);
            }
            if (node.parent &&
                ((ts.isBindingElement(node.parent) && node.parent.propertyName === node) ||
                    (ts.isPropertyAssignment(node.parent) && node.parent.name === node))) {
                return node;
            }
`,
  ],
  [
    `            let prev = false;
            for (const decl of (_b = (_a = checker.getSymbolAtLocation(node)) ===`,
    `            return wrapIfPrev(node, checker.getSymbolAtLocation(node));
        }
        function wrapIfPrev(node, symbol) {
            var _a, _b;
            let prev = false;
            for (const decl of (_b = (_a = symbol) ===`,
  ],
];

/** The folder of the tslab that the project uses. */
export function findTslab(project) {
  const require = createRequire(join(project.root, 'package.json'));
  try {
    return dirname(require.resolve('tslab/package.json'));
  } catch {
    throw new SetupError(
      `tslab was not found in ${project.root}; run \`npm install tslab@1.0.22\` there and run this again.`,
    );
  }
}

/** Mends the converter of tslab 1.0.22, once; any other is left as it is. */
export function mendTslab(project) {
  const converter = join(findTslab(project), 'dist', 'converter.js');
  const source = readFileSync(converter, 'utf8');
  const found = createHash('sha256').update(source).digest('hex');
  if (found === mended) return 'up to date';
  if (found !== original) {
    return 'left as it is: not the 1.0.22 that the fix of `{ seed }` is for';
  }
  // The new file takes the name of the old one, which another project may share by a hard link.
  writeFileAtomically(
    converter,
    changes.reduce((text, [from, to]) => text.replace(from, () => to), source),
  );
  return 'mended: names of earlier cells in `{ seed }`';
}
