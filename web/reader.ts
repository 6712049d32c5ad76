/*
 * How does the page get its readings? From a thread of its own, always of the latest state.
 */
import type { Answer, Reading, Ready, Request } from './messages';

/** Who is told what the reading thread says. */
export interface ReaderListener {
  onReady(ready: Ready): void;
  onReading(reading: Reading): void;
  onFailure(message: string): void;
}

/** Sends what there is to read to the reading thread, one at a time. */
export class Reader {
  private readonly worker: Worker;
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
    this.worker = new Worker(address);
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => this.take(data);
    this.worker.onerror = () =>
      this.listener.onFailure('The reading part of this page could not start. Load it again.');
    this.worker.postMessage({ folder });
  }

  /**
   * Has something read; what waits to be read is dropped for it.
   *
   * @param request - Its bytes go to the thread, and are empty here afterwards.
   */
  read(request: Request): void {
    this.next = request;
    this.send();
  }

  /** Drops what waits to be read, and the reading under way. */
  forget(): void {
    this.next = undefined;
    this.isUnwanted = this.isBusy;
  }

  private take(answer: Answer): void {
    this.isBusy = false;
    if ('ready' in answer) this.listener.onReady(answer.ready);
    else if (!this.isUnwanted && 'reading' in answer) this.listener.onReading(answer.reading);
    else if ('failure' in answer) this.listener.onFailure(answer.failure);
    this.isUnwanted = false;
    this.send();
  }

  private send(): void {
    if (this.isBusy || this.next === undefined) return;
    this.isBusy = true;
    this.worker.postMessage(this.next, [this.next.colors.rgba.buffer]);
    this.next = undefined;
  }
}
