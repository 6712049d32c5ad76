import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  listFiles,
  makeTemporaryFolder,
  recordFile,
  replaceFolder,
  requireFreeFolder,
} from '../../convert/folder';

let scratch: string;
let folder: string;

describe('the folder of a conversion', () => {
  beforeEach(() => {
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'convert-folder-'));
    folder = path.join(scratch, 'converted');
  });

  afterEach(() => fs.rmSync(scratch, { recursive: true }));

  it('may be missing, empty, or of the same format and as it was left', () => {
    requireFreeFolder(folder, 'onnx');
    fs.mkdirSync(folder);
    requireFreeFolder(folder, 'onnx');
    writeConversion();
    requireFreeFolder(folder, 'onnx');
  });

  it('is refused with what a conversion did not write', () => {
    const refused = (message: RegExp) =>
      assert.throws(() => requireFreeFolder(folder, 'onnx'), {
        name: 'OutputFolderError',
        message,
      });
    fs.writeFileSync(folder, 'mine');
    refused(/converted is a file or a link; expected a folder/);
    fs.rmSync(folder);
    fs.symlinkSync('nowhere', folder);
    refused(/converted is a file or a link/);
    fs.rmSync(folder);
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'notes.txt'), 'mine');
    refused(/has notes\.txt, which no conversion wrote\. Give a new or an empty folder/);
    fs.writeFileSync(path.join(folder, recordFile), '{"format":"onnx"}');
    refused(/which no conversion wrote/);
    writeConversion();
    refused(/has notes\.txt, which is not as a conversion left it/);
    fs.rmSync(path.join(folder, 'notes.txt'));
    fs.symlinkSync('nowhere', path.join(folder, 'link'));
    refused(/has link, /);
    fs.rmSync(path.join(folder, 'link'));
    fs.appendFileSync(path.join(folder, 'deep', 'model'), 'mine');
    refused(/has deep\/model, /);
    writeConversion();
    assert.throws(() => requireFreeFolder(folder, 'keras'), /holds a conversion to onnx/);
  });

  it('is replaced whole by a temporary one beside it, which has a name of its own', () => {
    writeConversion();
    const [one, other] = [makeTemporaryFolder(folder), makeTemporaryFolder(folder)];
    assert.notEqual(one, other);
    assert.equal(path.dirname(one), scratch);
    fs.mkdirSync(path.join(one, 'out'));
    fs.writeFileSync(path.join(one, 'out', 'new'), 'new');
    replaceFolder(path.join(one, 'out'), folder);
    assert.deepEqual(Object.keys(listFiles(folder)), ['new']);
    assert.deepEqual(fs.readdirSync(one), []);
  });

  it('rids its place of what killed conversions left a day ago, and of nothing else', () => {
    const [old, young] = [makeTemporaryFolder(folder), makeTemporaryFolder(folder)];
    const others = makeTemporaryFolder(path.join(scratch, 'another'));
    const mine = path.join(scratch, '.converted.mine.partial');
    fs.mkdirSync(mine);
    fs.writeFileSync(path.join(old, 'weights'), 'half');
    const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 3600;
    for (const it of [old, others, mine]) fs.utimesSync(it, twoDaysAgo, twoDaysAgo);
    const fresh = makeTemporaryFolder(folder);
    const names = [young, others, mine, fresh].map((it) => path.basename(it));
    assert.deepEqual(fs.readdirSync(scratch).sort(), names.sort());
  });
});

/** Leaves in the folder what a conversion to ONNX does. */
function writeConversion(): void {
  fs.mkdirSync(path.join(folder, 'deep'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'deep', 'model'), 'numbers');
  const record = { format: 'onnx', files: { 'deep/model': listFiles(folder)['deep/model'] } };
  fs.writeFileSync(path.join(folder, recordFile), JSON.stringify(record));
}
