/*
 * The thread that reads, so that the page stays free for the pen.
 */
import {
  bestPair,
  PictureError,
  prepareDigits,
  preparePicture,
  type Colors,
} from '../../lib/picture/prepare';
import type { Answer, DigitReading, Reading, Request, Start } from '../messages';
import { loadNetwork, type Network } from './network';

/** After so many readings, they hardly get quicker. */
const practiceRounds = 20;

const say = (answer: Answer) => postMessage(answer);

onmessage = async ({ data }: MessageEvent<Start>) => {
  try {
    const network = await loadNetwork(data.folder);
    onmessage = ({ data: request }: MessageEvent<Request>) => answer(network, request);
    say({ ready: { backend: network.backend } });
    await practise(network);
  } catch (error) {
    const reason = (error as Error).message;
    say({ failure: `The network could not be loaded: ${reason}. Load the page again.` });
  }
};

/**
 * Reads a bar again and again: browsers compile what runs often, and the first strokes are to be read
 * as quickly as later ones. What the page asks meanwhile goes first.
 */
async function practise(network: Network): Promise<void> {
  const size = 100;
  const colors = { rgba: new Uint8Array(4 * size * size).fill(255), width: size, height: size };
  for (let y = 20; y < 80; y++) colors.rgba.fill(0, 4 * (y * size + 45), 4 * (y * size + 55));
  for (let at = 3; at < colors.rgba.length; at += 4) colors.rgba[at] = 255;
  for (let round = 0; round < practiceRounds; round++) {
    await new Promise((resolve) => setTimeout(resolve));
    readAll(network, colors, true);
  }
}

function answer(network: Network, request: Request): void {
  try {
    say({ reading: read(network, request) });
  } catch (error) {
    say({ failure: (error as Error).message });
  }
}

function read(network: Network, { colors, isDrawing, withMaps }: Request): Reading {
  const start = performance.now();
  let digits: DigitReading[] = [];
  const remarks: string[] = [];
  try {
    digits = isDrawing ? readAll(network, colors, true) : readPicture(network, colors);
    if (digits.length === 0) remarks.push('No digit found in what is drawn.');
  } catch (error) {
    if (!(error instanceof PictureError)) throw error;
    remarks.push(sentenceOf(error));
  }
  if (withMaps) {
    digits = digits.map((digit) => ({ ...digit, layers: network.lookInside(digit.image) }));
  }
  return { digits, remarks, milliseconds: performance.now() - start };
}

/** Reads a picture as Node does, by what finds the one digit among all else; or as a number. */
function readPicture(network: Network, colors: Colors): DigitReading[] {
  try {
    return [readDigit(network, preparePicture(colors))];
  } catch (error) {
    if (!(error instanceof PictureError)) throw error;
    const digits = readAll(network, colors);
    if (digits.length < 2) throw error;
    return digits;
  }
}

/** Reads the digits of a number; what may be two that touch is read in all ways. */
function readAll(network: Network, colors: Colors, isInkDark?: boolean): DigitReading[] {
  return prepareDigits(colors, { isInkDark }).flatMap(({ image, pairs }) => {
    const whole = readDigit(network, image);
    const parts = pairs.map((pair) => pair.map((half) => readDigit(network, half.image)));
    const sure = parts.map((pair) => pair.map(confidenceOf));
    return parts[bestPair(confidenceOf(whole), sure)] ?? [whole];
  });
}

function readDigit(network: Network, image: Float32Array): DigitReading {
  return { image, probabilities: network.predict(image), layers: [] };
}

function confidenceOf({ probabilities }: DigitReading): number {
  return Math.max(...probabilities);
}

/** What is wrong with the picture, and what to do. */
function sentenceOf({ message }: PictureError): string {
  return `No digit found. ${message[0].toUpperCase()}${message.slice(1)}`;
}
