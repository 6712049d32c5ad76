/**
 * Counts the lines of code of lib/, without comments and blank lines: `npm run lines`.
 *
 * Exit code: 0 done.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const lib = path.resolve(__dirname, '..', 'lib');

/** The rooms that someone new reads first. */
const core = ['data', 'networks', 'training', 'metrics', 'classifier.ts'];

/** A line of code. */
interface Line {
  /** Its place in the file, from 1. */
  readonly number: number;
  /** The line, each run of blanks as one. */
  readonly text: string;
  /** Whether it only names what is imported or passed on. */
  readonly isImport: boolean;
}

/** A source file of lib/ with its code. */
export interface SourceFile {
  /** Path from lib/, with slashes. */
  readonly file: string;
  /** The folder of lib/ that it is in, or its own name where it is in none. */
  readonly room: string;
  readonly isCore: boolean;
  readonly lines: readonly Line[];
  readonly functions: readonly { readonly name: string; readonly lines: number }[];
}

/** What `digit-recognizer` exports, types included. */
export interface Door {
  /** Names that can be imported, the namespaces among them. */
  readonly flat: readonly string[];
  /** Names behind a namespace, as `metrics.accuracy`. */
  readonly inNamespaces: readonly string[];
}

/** Reads all source files of lib/, sorted by their paths. */
export function readLibrary(): SourceFile[] {
  return (readdirSync(lib, { recursive: true }) as string[])
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => file.endsWith('.ts') && !/^(dist|node_modules)\//.test(file))
    .sort()
    .map((file) => {
      const source = parse(file);
      const [room] = file.split('/');
      const lines = linesOf(source);
      const functions = functionsOf(source, lines);
      return { file, room, isCore: core.includes(room), lines, functions };
    });
}

/** Lists the names that lib/index.ts exports. */
export function readDoor(): Door {
  const flat = namesIn('index.ts');
  const inNamespaces = parse('index.ts').statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) return [];
    const { exportClause, moduleSpecifier } = statement;
    if (!exportClause || !ts.isNamespaceExport(exportClause)) return [];
    const names = namesIn(fileOf('index.ts', moduleSpecifier));
    return names.map((name) => `${exportClause.name.text}.${name}`);
  });
  return { flat, inNamespaces };
}

function parse(file: string): ts.SourceFile {
  const text = readFileSync(path.join(lib, file), 'utf8');
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

/** The lines that hold a word or sign of the language; comments are neither. */
function linesOf(source: ts.SourceFile): Line[] {
  const texts = source.text.split('\n');
  const found = new Map<number, Line>();
  const visit = (node: ts.Node, isImport: boolean): void => {
    if (ts.isJSDoc(node) || node.kind === ts.SyntaxKind.EndOfFileToken) return;
    const children = node.getChildren(source);
    const isInList = isImport || ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
    for (const child of children) visit(child, isInList);
    if (children.length > 0) return;
    for (let at = lineOf(source, node.getStart(source)); at <= lineOf(source, node.end); at++) {
      const text = texts[at].trim().replace(/\s+/g, ' ');
      found.set(at, { number: at + 1, text, isImport });
    }
  };
  visit(source, false);
  return [...found.values()].sort((one, other) => one.number - other.number);
}

/** Every function and method, with the lines of code from its name to its end. */
function functionsOf(source: ts.SourceFile, lines: readonly Line[]): SourceFile['functions'] {
  const functions: { name: string; lines: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const first = lineOf(source, node.getStart(source)) + 1;
      const last = lineOf(source, node.end) + 1;
      const own = lines.filter(({ number }) => number >= first && number <= last);
      const name = node.name?.getText(source) ?? `the function at line ${first}`;
      functions.push({ name, lines: own.length });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return functions;
}

function lineOf(source: ts.SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line;
}

/** What a file of lib/ exports, by itself or from other files. */
function namesIn(file: string): string[] {
  return parse(file).statements.flatMap((statement): string[] => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause, moduleSpecifier } = statement;
      if (!exportClause) return namesIn(fileOf(file, moduleSpecifier));
      if (ts.isNamespaceExport(exportClause)) return [exportClause.name.text];
      return exportClause.elements.map(({ name }) => name.text);
    }
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => name.getText());
    }
    return [(statement as ts.DeclarationStatement).name?.getText() ?? 'default'];
  });
}

function fileOf(importer: string, specifier: ts.Expression | undefined): string {
  const { text } = specifier as ts.StringLiteral;
  return `${path.posix.join(path.posix.dirname(importer), text)}.ts`;
}

/** Adds up the lines of some files. */
export function countLines(files: readonly SourceFile[]): number {
  return files.reduce((sum, { lines }) => sum + lines.length, 0);
}

function report(): string {
  const files = readLibrary();
  const rooms = [...new Set(files.map(({ room }) => room))];
  const row = (name: string, own: readonly SourceFile[]) =>
    `| ${name.padEnd(18)} | ${String(own.length).padStart(5)} | ${String(countLines(own)).padStart(5)} |`;
  const inCore = files.filter(({ isCore }) => isCore);
  const [longest] = inCore
    .flatMap(({ file, functions }) => functions.map((it) => ({ ...it, file })))
    .sort((one, other) => other.lines - one.lines);
  const { flat, inNamespaces } = readDoor();
  return [
    '| room               | files | lines |',
    '| ------------------ | ----: | ----: |',
    ...rooms.map((room) =>
      row(
        `lib/${room}`,
        files.filter((it) => it.room === room),
      ),
    ),
    row('lib', files),
    row('the core', inCore),
    '',
    'Lines of code, without comments and blank lines.',
    `The core is ${core.join(', ')}; its longest function is ${longest.name} ` +
      `(lib/${longest.file}) with ${longest.lines} lines.`,
    `The door has ${flat.length} names, and ${inNamespaces.length} more in its namespaces.`,
  ].join('\n');
}

if (require.main === module) console.log(report());
