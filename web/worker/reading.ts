/*
 * The thread that reads, so that the page stays free for the pen.
 */
import { PictureError, preparePicture, type Colors } from '../../lib/picture/prepare';
import type { Answer, DigitReading, Reading, Request, Start } from '../messages';
import { loadNetwork, type Network } from './network';
import { splitDigits } from './split';

/** The digits of the last reading: of a number that grows, only what is new has to be read. */
let lastRead: { readonly part: Colors; readonly digit: DigitReading }[] = [];

const say = (answer: Answer) => postMessage(answer);

onmessage = async ({ data }: MessageEvent<Start>) => {
  try {
    const network = await loadNetwork(data.folder);
    onmessage = ({ data: request }: MessageEvent<Request>) => answer(network, request);
    say({ ready: { backend: network.backend } });
  } catch (error) {
    say({ failure: `The network could not be loaded: ${(error as Error).message}` });
  }
};

function answer(network: Network, request: Request): void {
  try {
    say({ reading: read(network, request) });
  } catch (error) {
    say({ failure: (error as Error).message });
  }
}

function read(network: Network, { colors, isDrawing, withMaps }: Request): Reading {
  const start = performance.now();
  const { parts, remarks } = splitDigits(colors);
  const isWhole = !isDrawing && parts.length < 2;
  const now: typeof lastRead = [];
  const notes = [...remarks];
  for (const part of isWhole ? [colors] : parts) {
    try {
      const known = lastRead.find((it) => isSame(it.part, part))?.digit;
      const digit = known ?? readDigit(network, part);
      const layers = withMaps && digit.layers.length === 0 ? network.lookInside(digit.image) : [];
      now.push({ part, digit: layers.length > 0 ? { ...digit, layers } : digit });
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      if (isWhole) notes.push(sentenceOf(error));
    }
  }
  lastRead = now;
  const digits = now.map(({ digit }) => digit);
  return { digits, remarks: notes, milliseconds: performance.now() - start };
}

function readDigit(network: Network, part: Colors): DigitReading {
  const image = preparePicture(part);
  return { image, probabilities: network.predict(image), layers: [] };
}

function isSame(one: Colors, other: Colors): boolean {
  return (
    one.width === other.width &&
    one.rgba.length === other.rgba.length &&
    one.rgba.every((value, at) => value === other.rgba[at])
  );
}

/** What is wrong with the picture, and what to do. */
function sentenceOf({ message }: PictureError): string {
  return `No digit found. ${message[0].toUpperCase()}${message.slice(1)}`;
}
