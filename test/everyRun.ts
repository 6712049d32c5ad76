import assert from 'node:assert/strict';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

// Programs that the tests start would color what they print, where a test reads it.
delete process.env.FORCE_COLOR;

/** How long what a test has closed may take to be gone, in milliseconds. */
const patience = 5000;

/**
 * Fails a run of mocha after which the process would not end by itself: some test left a server, a
 * program or a timer. mocha then ends it all the same (`exit` in its settings), so that nothing hangs.
 */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(2 * patience);
    const latest = Date.now() + patience;
    // A timer counts until its turn is over, and mocha's own for this hook begins after this one.
    await nextTurn();
    while (leftovers().length > 0 && Date.now() < latest) {
      await sleep(50);
      await nextTurn();
    }
    assert.deepEqual(
      leftovers(),
      [],
      'a test left what keeps the process from ending; run the test files one by one to find it',
    );
  },
};

/** What keeps the process alive, but for its input and output and mocha's timer for the hook. */
function leftovers(): string[] {
  const kinds = process
    .getActiveResourcesInfo()
    .filter((kind) => kind !== 'TTYWrap' && kind !== 'PipeWrap');
  const timer = kinds.indexOf('Timeout');
  return kinds.filter((_, index) => index !== timer);
}
