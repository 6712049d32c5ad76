/*
 * The thread that reads, so that the page stays free for the pen.
 */
import { PictureError, preparePicture, type Colors } from '../../lib/picture/prepare';
import type { Answer, DigitReading, Reading, Request, Start } from '../messages';
import { loadNetwork, type Network } from './network';
import { splitDigits, type Part } from './split';

/** A digit wider than the first, in heights, that is read unsurely is likely two that touch. */
const [wide, unsure] = [1.12, 0.93];

/** So is one wider than this, but for a flat stroke, such as a 7 begins with. */
const [widest, flat] = [1.4, 4];

/** After so many readings, they hardly get quicker. */
const practiceRounds = 20;

/** The digits of the last reading: of a number that grows, only what is new has to be read. */
let lastRead: { readonly colors: Colors; readonly digit: DigitReading }[] = [];

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
    for (const { colors: part } of splitDigits(colors).parts) readDigit(network, part);
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
  const split = splitDigits(colors);
  const isWhole = !isDrawing && split.parts.length < 2;
  const remarks = isWhole && split.parts.length === 0 ? [] : [...split.remarks];
  const parts = isWhole ? [{ colors, shape: split.parts[0]?.shape ?? 1 }] : split.parts;
  const now: typeof lastRead = [];
  for (const part of parts) {
    try {
      const known = lastRead.find((it) => isSame(it.colors, part.colors))?.digit;
      const digit = known ?? readDigit(network, part.colors);
      const layers = withMaps && digit.layers.length === 0 ? network.lookInside(digit.image) : [];
      now.push({ ...part, digit: layers.length > 0 ? { ...digit, layers } : digit });
      if (mayTouch(part, digit)) {
        const place = parts.length > 1 ? `Number ${now.length} from the left` : 'This';
        remarks.push(
          `${place} is wide for a digit. Digits that touch can’t be split: leave a gap.`,
        );
      }
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      if (isWhole) remarks.push(sentenceOf(error));
    }
  }
  lastRead = now;
  const digits = now.map(({ digit }) => digit);
  return { digits, remarks, milliseconds: performance.now() - start };
}

function mayTouch({ shape }: Part, { probabilities }: DigitReading): boolean {
  if (shape > flat) return false;
  return shape > widest || (shape > wide && Math.max(...probabilities) < unsure);
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
