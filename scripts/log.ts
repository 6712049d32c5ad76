import { appendFileSync, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { Writable } from 'node:stream';
import pino, { type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';

/** The levels that `--log-level` takes, from all to nothing. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

/**
 * Opens a log: lines to read on stderr, from the given level up, and every line as JSON in a file.
 *
 * @param file - Where lines are added at the end.
 * @throws Error when the file cannot be opened; when it cannot be written later, stderr says so once.
 */
export function openLog(level: LogLevel, file: string): Logger {
  // A line of the log takes the place of a progress bar, which the next report draws again below.
  const terminal = new Writable({
    write(line, _, done) {
      process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : line);
      done();
    },
  });
  const lines = pretty({
    destination: terminal,
    colorize: process.stderr.isTTY,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
    singleLine: true,
  });
  const isSilent = level === 'silent';
  const records = wholeLines(file, (problem) => isSilent || terminal.write(problem));
  const streams = [
    ...(isSilent ? [] : [{ level, stream: lines }]),
    { level: 'debug' as const, stream: records },
  ];
  return pino({ level: 'debug', base: null }, pino.multistream(streams));
}

/** Adds lines to a file, each whole or not at all: no run ends because its log has no room. */
function wholeLines(file: string, complain: (problem: string) => unknown): DestinationStream {
  const descriptor = openSync(file, 'a');
  let isFirst = true;
  return {
    write(line) {
      const { size } = fstatSync(descriptor);
      try {
        appendFileSync(descriptor, line);
      } catch (error) {
        ftruncateSync(descriptor, size);
        if (isFirst) complain(`warning: ${file} lacks lines: ${(error as Error).message}\n`);
        isFirst = false;
      }
    },
  };
}
