/** How an exit code follows from a signal. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Lets Ctrl-C and SIGTERM ask for an end, by an abort signal, and end the process when they are
 * repeated.
 */
export function stopOnSignals(): { readonly signal: AbortSignal; exitCode(): number } {
  const stop = new AbortController();
  let code = 1;
  for (const [signal, signalCode] of Object.entries(signalCodes)) {
    process.on(signal, () => {
      // The first asks the training to stop; whoever repeats it means at once.
      if (stop.signal.aborted) process.exit(signalCode);
      code = signalCode;
      stop.abort();
    });
  }
  return { signal: stop.signal, exitCode: () => code };
}
