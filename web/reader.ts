/*
 * How does the page get its readings? From a thread of its own, always of the latest state.
 */
import type { Answer, Reading, Ready, Request } from './messages';

/** Who is told what the reading thread says. */
export interface ReaderListener {
  onReady(ready: Ready): void;
  onReading(reading: Reading): void;
  onFailure(message: string): void;
  /** Nothing can be read until the page is loaded again; told again whenever it is asked. */
  onBroken(message: string): void;
}

/** Sends what there is to read to the reading thread, one at a time. */
export class Reader {
  private readonly worker: Worker | undefined;
  private isReady = false;
  private broken: string | undefined;
  private isBusy = true;
  private isUnwanted = false;
  private next: Request | undefined;

  /**
   * Starts the thread, which loads the network.
   *
   * @param listener - Is told once that it is ready, then of every reading.
   */
  constructor(private readonly listener: ReaderListener) {
    const folder = new URL('.', document.baseURI).href;
    // A thread from a blob is under the page's content policy; one from a file would be under none.
    const script = `importScripts(${JSON.stringify(new URL('reading.js', folder).href)});`;
    const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    try {
      this.worker = new Worker(address);
    } catch {
      this.break(
        'This browser has no threads (Worker), in which this page reads. Try another one.',
      );
      return;
    }
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => this.take(data);
    this.worker.onerror = () => {
      this.break('The reading part of this page could not start. Load the page again.');
    };
    this.worker.postMessage({ folder });
  }

  /**
   * Has something read; what waits to be read is dropped for it.
   *
   * @param request - Its bytes go to the thread, and are empty here afterwards.
   */
  read(request: Request): void {
    if (this.broken !== undefined) return this.listener.onBroken(this.broken);
    this.next = request;
    this.send();
  }

  /** Drops what waits to be read, and the reading under way. */
  forget(): void {
    if (this.broken !== undefined) return this.listener.onBroken(this.broken);
    this.next = undefined;
    this.isUnwanted = this.isBusy;
  }

  private take(answer: Answer): void {
    if ('failure' in answer && !this.isReady) return this.break(answer.failure);
    this.isReady = true;
    this.isBusy = false;
    if ('ready' in answer) this.listener.onReady(answer.ready);
    else if (!this.isUnwanted && 'reading' in answer) this.listener.onReading(answer.reading);
    else if ('failure' in answer) this.listener.onFailure(answer.failure);
    this.isUnwanted = false;
    this.send();
  }

  private break(message: string): void {
    this.broken = message;
    this.listener.onBroken(message);
  }

  private send(): void {
    if (this.isBusy || this.next === undefined) return;
    this.isBusy = true;
    this.worker?.postMessage(this.next, [this.next.colors.rgba.buffer]);
    this.next = undefined;
  }
}
