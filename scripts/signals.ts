/** How an exit code follows from a signal. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** Within so many milliseconds of the first, a signal is the same wish. */
const sameWish = 1000;

/**
 * Lets Ctrl-C and SIGTERM ask for an end, by an abort signal, and end the process when they are
 * repeated after a second. A Ctrl-C comes twice within milliseconds below npm, from the terminal and
 * from npm, which passes it on.
 */
export function stopOnSignals(): { readonly signal: AbortSignal; exitCode(): number } {
  const stop = new AbortController();
  let code = 1;
  let first = 0;
  for (const [signal, signalCode] of Object.entries(signalCodes)) {
    process.on(signal, () => {
      // The first asks the training to stop; whoever repeats it means at once.
      if (stop.signal.aborted) {
        if (performance.now() - first > sameWish) process.exit(signalCode);
        return;
      }
      first = performance.now();
      code = signalCode;
      stop.abort();
    });
  }
  return { signal: stop.signal, exitCode: () => code };
}
