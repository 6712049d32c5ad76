import assert from 'node:assert/strict';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/**
 * Starts the Chromium or Chrome at CHROME_PATH or, where that is not set, on the PATH, without a window.
 *
 * Where there is none, the test is skipped, or fails with REQUIRE_BROWSER=1, as CI sets it.
 */
export async function launchBrowser(test: Mocha.Context): Promise<Browser> {
  const executablePath = findBrowser();
  if (!executablePath) {
    assert.notEqual(process.env.REQUIRE_BROWSER, '1', 'no Chromium or Chrome was found');
    test.skip();
  }
  const args = ['--disable-gpu', '--disable-background-networking', '--disable-component-update'];
  return chromium.launch({ executablePath, args: [...args, '--disable-sync'] });
}

function findBrowser(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const { CHROME_PATH, PATH = '' } = process.env;
  const files = names.flatMap((name) =>
    PATH.split(path.delimiter).map((folder) => path.join(folder, name)),
  );
  return (CHROME_PATH ? [CHROME_PATH] : files).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
