import { requireNumber, requireParts } from '../platform/numbers';
import { seededRandom, type Random } from '../platform/random';
import { imageSize, type DigitSet } from './digits';
import { between, coarse, drawn, imageOf, mapImages, restroked, smeared, warped } from './pixels';

/** Changes the pixels of an image, at strength 0 not at all, at 1 so that people still read most. */
type Corruption = (image: Float32Array, strength: number, random: Random) => Float32Array;

const degrees = Math.PI / 180;
const sign = (random: Random) => (random() < 0.5 ? -1 : 1);
const turn = (random: Random) => between(random, 0, 2 * Math.PI);

/** What can happen to a digit on its way into a picture. */
const changes = {
  rotation: (image, strength, random) =>
    warped(image, { angle: sign(random) * strength * 50 * degrees }),
  slant: (image, strength, random) => warped(image, { slant: sign(random) * strength }),
  'small size': (image, strength) => warped(image, { size: 1 - 0.6 * strength }),
  shift: (image, strength, random) => {
    const angle = turn(random);
    const far = 6 * strength;
    return warped(image, { shift: [far * Math.cos(angle), far * Math.sin(angle)] });
  },
  'thin strokes': (image, strength) => restroked(image, -0.95 * strength),
  'thick strokes': (image, strength) => {
    let thick = image;
    for (let left = 3 * strength; left > 0; left--) thick = restroked(thick, Math.min(1, left));
    return thick;
  },
  'coarse pixels': (image, strength) => coarse(image, 1 + 3 * strength),
  blur: (image, strength, random) => {
    const [length, angle] = [9 * strength, turn(random)];
    return smeared(smeared(image, length, angle), length, angle + 90 * degrees);
  },
  'motion blur': (image, strength, random) => smeared(image, 14 * strength, turn(random)),
  noise: (image, strength, random) =>
    image.map((ink) => ink + strength * (random() + random() + random() - 1.5)),
  specks: (image, strength, random) =>
    image.map((ink) => (random() < 0.3 * strength ? Math.round(random()) : ink)),
  'faint ink': (image, strength) => image.map((ink) => (1 - 0.9 * strength) * ink),
  'a line across': (image, strength, random) => crossed(image, strength, random, 1),
  'a gap across': (image, strength, random) => crossed(image, strength, random, 0),
} satisfies Record<string, Corruption>;

/** Name of a way in which `corruptDigits` spoils digits. */
export type CorruptionName = keyof typeof changes;

/** Names of all ways, each a noun. */
export const corruptions = Object.keys(changes) as CorruptionName[];

/**
 * Spoils digits in one of fourteen ways, in the style of MNIST-C (Mu and Gilmer, 2019), whose own
 * images these are not.
 *
 * @param digits - Images of 28 x 28.
 * @param name - In which way; {@link corruptions} lists them.
 * @param options.strength - How much, from 0 (not at all) to 1.
 * @param options.seed - Where each line, speck and direction falls.
 * @returns A new set with the labels of `digits`, whose pixels are whole 255ths from 0 to 1.
 * @throws TypeError when it is no set of digits, or strength or seed are missing.
 * @throws RangeError when there is no such way, strength or pixels are not from 0 to 1, or the images
 * are not of 28 x 28.
 */
export function corruptDigits(
  digits: DigitSet,
  name: CorruptionName,
  options: { readonly strength: number; readonly seed: number },
): DigitSet {
  const expected = 'an object such as { strength: 0.5, seed: 42 }';
  requireParts('the options', options, ['strength', 'seed'], expected);
  const { strength, seed } = options;
  if (!Object.hasOwn(changes, name)) {
    throw new RangeError(`no corruption is called ${name}; there are ${corruptions.join(', ')}`);
  }
  requireNumber('strength', strength, 'a number from 0 to 1', strength >= 0 && strength <= 1);
  const random = seededRandom(seed, name);
  const change: Corruption = changes[name];
  return mapImages(digits, (image) => (strength === 0 ? image : change(image, strength, random)));
}

/** Draws a line of ink or paper through the middle part of the image, up to 3 pixels wide. */
function crossed(image: Float32Array, strength: number, random: Random, ink: 0 | 1): Float32Array {
  const [x, y] = [0, 1].map(() => imageSize / 2 + between(random, -5, 5));
  const angle = turn(random);
  const [across, down] = [imageSize * Math.cos(angle), imageSize * Math.sin(angle)];
  const line = drawn([[[x - across, y - down] as const, [x + across, y + down] as const]], 3 * strength);
  // A line thinner than a pixel is fainter.
  const most = Math.min(1, 3 * strength);
  return imageOf((_x, _y, at) => image[at] + most * line[at] * (ink - image[at]));
}
