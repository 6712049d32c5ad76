/*
 * What the page and the thread that reads tell each other.
 */
import type { Colors } from '../lib/picture/prepare';

/** A place where the reading thread finds its files, the first message to it. */
export interface Start {
  /** Address of the page's folder, with a slash at its end. */
  readonly folder: string;
}

/** Something to read. */
export interface Request {
  readonly colors: Colors;
  /** Whether it was drawn in the page, with nothing but ink in it; a picture is read as in Node. */
  readonly isDrawing: boolean;
  /** Whether to send along what the first layers see. */
  readonly withMaps: boolean;
}

/** What one layer makes of an image. */
export interface LayerMaps {
  /** The layer's name in the network. */
  readonly layer: string;
  readonly width: number;
  readonly height: number;
  /** Brightness of each map's pixels, 0 to 255, row-major, the layer's largest value being 255. */
  readonly maps: readonly Uint8Array[];
}

/** One digit, read. */
export interface DigitReading {
  /** The 28 x 28 pixels that the network got, 0 (paper) to 1 (ink), row-major. */
  readonly image: Float32Array;
  /** Ten, adding up to 1. */
  readonly probabilities: Float32Array;
  readonly layers: readonly LayerMaps[];
}

/** What the reading thread answers to a {@link Request}. */
export interface Reading {
  /** In reading order; none where the picture has no digit. */
  readonly digits: readonly DigitReading[];
  /** Sentences on what could not be read. */
  readonly remarks: readonly string[];
  /** How long the reading took, in milliseconds. */
  readonly milliseconds: number;
}

/** What the reading thread says once, when it can read. */
export interface Ready {
  /** Which of tfjs's backends computes, for people. */
  readonly backend: string;
}

/** An answer of the reading thread. */
export type Answer =
  { readonly ready: Ready } | { readonly reading: Reading } | { readonly failure: string };
