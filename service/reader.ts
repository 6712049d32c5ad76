import type { MnistClassifier, Prediction } from 'digit-recognizer';

/** Images that were asked for in one request, and who waits for them. */
interface Waiting {
  readonly images: Float32Array;
  readonly resolve: (predictions: Prediction[]) => void;
  readonly reject: (error: unknown) => void;
}

const pixelsPerImage = 784;

/** Puts the pixels of images one after the other. */
export function joinImages(images: readonly ArrayLike<number>[]): Float32Array {
  const pixels = new Float32Array(images.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const image of images) {
    pixels.set(image, start);
    start += image.length;
  }
  return pixels;
}

/** More images than these seldom wait together. */
const mostWarmed = 64;

/**
 * Reads blank images in calls of every size up to 64, since TensorFlow prepares its first call, and
 * the first of each new size, for longer than a call takes, and requests would wait for it.
 *
 * @param classifier - A trained one.
 */
export async function warmUp(classifier: MnistClassifier): Promise<void> {
  for (let images = 1; images <= mostWarmed; images++) {
    await classifier.predict(new Float32Array(images * pixelsPerImage));
  }
}

/**
 * Reads the images of requests that arrive together in one call of the network: what comes while a
 * call runs waits for the next. A call costs about as much for one image as for ten.
 */
export class BatchReader {
  private waiting: Waiting[] = [];
  private isScheduled = false;

  /**
   * @param classifier - A trained one.
   * @param options.mostImages - Images of one call at most.
   * @param options.onBatch - Told how many images a call had.
   */
  constructor(
    private readonly classifier: MnistClassifier,
    private readonly options: {
      readonly mostImages: number;
      readonly onBatch: (images: number) => void;
    },
  ) {}

  /**
   * Reads images as `MnistClassifier.predict` does.
   *
   * @param images - Pixels from 0 (paper) to 1 (ink) of n images of 28 x 28.
   */
  read(images: Float32Array): Promise<Prediction[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ images, resolve, reject });
      if (this.isScheduled) return;
      this.isScheduled = true;
      // After all requests whose bytes are here already.
      setImmediate(() => void this.readWaiting());
    });
  }

  private async readWaiting(): Promise<void> {
    const batch: Waiting[] = [];
    let count = 0;
    for (const { images } of this.waiting) {
      const more = images.length / pixelsPerImage;
      if (batch.length > 0 && count + more > this.options.mostImages) break;
      batch.push(this.waiting[batch.length]);
      count += more;
    }
    this.waiting = this.waiting.slice(batch.length);
    try {
      this.options.onBatch(count);
      const together = joinImages(batch.map(({ images }) => images));
      const predictions = await this.classifier.predict(together);
      for (const { images, resolve } of batch) {
        resolve(predictions.splice(0, images.length / pixelsPerImage));
      }
    } catch (error) {
      batch.forEach(({ reject }) => reject(error));
    }
    if (this.waiting.length > 0) setImmediate(() => void this.readWaiting());
    else this.isScheduled = false;
  }
}
