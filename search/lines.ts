/*
 * What does a trial print? One of these a line, as JSON.
 */

/** What an epoch gave: losses in nats, accuracies as shares. */
export interface EpochLine {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  /** Time of the epoch with its validation. */
  readonly seconds: number;
}

/** How a trial ended. */
export type EndLine =
  | {
      readonly ended: 'finished';
      /** Finished epochs; fewer than asked for where it stopped improving. */
      readonly epochs: number;
      /** The epoch whose weights it kept, and how these read the validation digits. */
      readonly keptEpoch: number;
      readonly validationLoss: number;
      readonly validationAccuracy: number;
      /** Time of all epochs. */
      readonly seconds: number;
      /** Where the digits came from, and how many. */
      readonly digits: string;
    }
  | { readonly ended: 'interrupted'; readonly epochs: number }
  | { readonly ended: 'failed'; readonly reason: string };

export type TrialLine = EpochLine | EndLine;
