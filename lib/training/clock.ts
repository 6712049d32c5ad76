/** How long a training has taken, how fast it is and how long it will take. */
export class TrainingClock {
  /** Batches in an epoch. */
  readonly batchCount: number;
  private readonly start = performance.now();
  private batchSeconds = 0;
  private imagesSeen = 0;

  /**
   * Starts the clock.
   *
   * @param images - Images in an epoch.
   * @param secondsBefore - What the training had taken before it was interrupted. @default 0
   */
  constructor(
    private readonly images: number,
    private readonly epochs: number,
    private readonly batchSize: number,
    private readonly secondsBefore = 0,
  ) {
    this.batchCount = Math.ceil(images / batchSize);
  }

  /** Counts a finished batch. */
  addBatch(images: number, seconds: number): void {
    this.imagesSeen += images;
    this.batchSeconds += seconds;
  }

  /** Seconds since the training began, without those between an interrupt and its continuation. */
  seconds(): number {
    return this.secondsBefore + this.secondsHere();
  }

  /** Images a second since the start, without the time between batches; 0 before the first. */
  imagesPerSecond(): number {
    return this.batchSeconds > 0 ? this.imagesSeen / this.batchSeconds : 0;
  }

  /** Estimated seconds from a batch of an epoch, both counted from 1, to the end of the last epoch. */
  secondsLeft(epoch: number, batch: number): number {
    const seen = (epoch - 1) * this.images + Math.min(batch * this.batchSize, this.images);
    const secondsPerImage = this.imagesSeen > 0 ? this.secondsHere() / this.imagesSeen : 0;
    return (this.epochs * this.images - seen) * secondsPerImage;
  }

  private secondsHere(): number {
    return (performance.now() - this.start) / 1000;
  }
}
