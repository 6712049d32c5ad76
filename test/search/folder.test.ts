import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { claimSearch, searchFile, trialsFile } from '../../search/folder';
import type { SearchOptions } from '../../search/record';
import { readSpace } from '../../search/space';

const spaces = path.resolve(__dirname, '..', '..', 'search', 'spaces');
const space = readSpace(path.join(spaces, 'source-b.json'));
const options: SearchOptions = {
  ...{ samples: 4, concurrent: null, coresPerTrial: 1, metric: 'validationAccuracy', seed: 42 },
  ...{ timeBudget: null, storage: null },
};
type Asked = Parameters<typeof claimSearch>[1];
const search: Asked = { space, options, named: [], resume: false };

describe('claimSearch', () => {
  let folder: string;

  beforeEach(() => {
    folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'search-test-')), 'mine');
  });

  afterEach(() => fs.rmSync(path.dirname(folder), { recursive: true }));

  async function refused(asked: Partial<Asked>, message: RegExp): Promise<void> {
    await assert.rejects(claimSearch(folder, { ...search, ...asked }), message);
  }

  it('begins in a new folder', async () => {
    assert.deepEqual(await claimSearch(folder, search), { space, options });
    const written = JSON.parse(fs.readFileSync(path.join(folder, searchFile), 'utf8'));
    assert.deepEqual(written, JSON.parse(JSON.stringify({ space, options })));
  });

  it('refuses a folder with other things, which stay', async () => {
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'notes.txt'), 'mine');
    await refused({}, /has notes\.txt, which no search wrote\. Give a new or an empty folder$/);
    await refused({ resume: true }, /has no search\.json, so there is nothing to go on with/);
    assert.deepEqual(fs.readdirSync(folder), ['notes.txt']);
    fs.writeFileSync(path.join(folder, searchFile), '{}');
    await refused({ resume: true }, /search\.json is no record of a search: it has no space/);
  });

  it('refuses a file, which stays', async () => {
    fs.writeFileSync(folder, 'mine');
    for (const resume of [false, true]) {
      await refused(
        { resume },
        /mine is a file; expected a folder\. Give another --output, or move/,
      );
    }
    assert.equal(fs.readFileSync(folder, 'utf8'), 'mine');
  });

  it('goes on with the same search only, and as it began', async () => {
    const write = (name: string, value: unknown) =>
      fs.writeFileSync(path.join(folder, name), JSON.stringify(value));
    fs.mkdirSync(folder);
    write(searchFile, { space, options });
    await refused({}, /has an unfinished search\. Add --resume to go on/);
    const other = { ...options, samples: 5 };
    await refused(
      { resume: true, options: other, named: ['samples'] },
      /: samples was 4 and is 5\. Give what/,
    );
    const otherSpace = readSpace(path.join(spaces, 'seeds.json'));
    await refused(
      { resume: true, space: otherSpace },
      /the space was \{"name":"source-b".* and is \{"name":"seeds"/,
    );
    // Only what is asked for by name has to be as it was.
    const begun = await claimSearch(folder, { ...search, options: other, resume: true });
    assert.deepEqual(begun.options, options);
    write(trialsFile, {});
    await refused({ resume: true }, /has a search that has ended\. Give another --output/);
  });
});
