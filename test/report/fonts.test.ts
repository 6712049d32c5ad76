import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { missingFonts } from '../../lib/report/fonts';

describe('fonts', () => {
  let folder: string;
  let environment: NodeJS.ProcessEnv;

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fonts-test-'));
    // As if the fonts were installed that have the letters of its list, in hexadecimal.
    const program = '#!/bin/sh\ncase "$1" in :charset=4e00|:charset=e01) echo /a.ttf;; esac\n';
    fs.writeFileSync(path.join(folder, 'fc-list'), program, { mode: 0o755 });
    environment = { PATH: folder };
  });

  after(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it('missingFonts(text) finds nothing missing among Latin, Greek and Cyrillic letters', async () => {
    const text = 'zéro, ñ, 5 × 5 → “ab” ✓ … αβγ, ноль';
    assert.equal(await missingFonts(text.replace('✓', ''), { PATH: '' }), undefined);
  });

  it('missingFonts(text) names letters without a font, once, and the packages', async () => {
    const message = await missingFonts('零 零 一 😀 ก', environment);
    assert.match(
      message ?? '',
      /^no font was found for 零 😀, so that they become boxes in the PNG/,
    );
    assert.match(message ?? '', /Install fonts-noto-cjk and fonts-noto-color-emoji \(as Debian/);
    assert.equal(await missingFonts('一 ก', environment), undefined);
  });

  it('missingFonts(text) takes rare letters as missing where fontconfig is not installed', async () => {
    assert.match((await missingFonts('ひ', { PATH: '' })) ?? '', /for ひ, .*fonts-noto-cjk/);
    assert.match((await missingFonts('ह', { PATH: '' })) ?? '', /for ह, .*fonts-noto-core/);
  });
});
