/*
 * How is a reading shown and told?
 */
import { imageSize } from '../lib/data/digits';
import { rankGuesses, sayWrong, wrongShare, type Bin } from './confidence';
import { element, paintTones } from './elements';
import { InsidePanel } from './inside';
import type { DigitReading, Reading } from './messages';

/** How long the page waits before it tells a screen reader, in milliseconds: digits change fast. */
const announceAfter = 700;

/** The part of the page that shows what was read. */
export class Result {
  private readonly bars: readonly HTMLElement[];
  private readonly inside = new InsidePanel();
  private digits: readonly DigitReading[] = [];
  /** The digit that the bars are of; the last one until another is picked. */
  private picked: number | undefined;
  private announcement = 0;
  private notice = '';
  private remarks: readonly string[] = [];

  /** @param bins - How often the network is wrong, by how sure it is, joined. */
  constructor(private readonly bins: readonly Bin[]) {
    const list = element('bars');
    this.bars = Array.from({ length: 10 }, (_, digit) => {
      const row = document.createElement('li');
      const [name, track, share] = ['b', 'span', 'output'].map((tag) =>
        document.createElement(tag),
      );
      name.textContent = String(digit);
      track.append(document.createElement('span'));
      row.append(name, track, share);
      list.append(row);
      return row;
    });
    this.show({ digits: [], remarks: [], milliseconds: 0 });
  }

  /** Shows a reading; one without digits and remarks is an empty board. */
  show({ digits, remarks, milliseconds }: Reading): void {
    if (digits.length !== this.digits.length) this.picked = undefined;
    this.digits = digits;
    const guesses = digits.map(({ probabilities }) => rankGuesses(probabilities));
    element('number').textContent = guesses.map(({ first }) => first.digit).join('');
    element('number').style.setProperty('--digits', String(Math.max(1, digits.length)));
    element('words').textContent = this.wordsOn(digits);
    element('second').textContent = guesses
      .map(({ second }, at) => {
        const place = digits.length > 1 ? `Number ${at + 1} could be` : 'It could be';
        return second ? `${place} a ${second.digit} (${percent(second.probability)}).` : '';
      })
      .filter((text) => text !== '')
      .join(' ');
    this.remarks = remarks;
    this.showRemarks();
    element('time').textContent = digits.length > 0 ? `Read in ${milliseconds.toFixed(1)} ms.` : '';
    this.showImages();
    this.showPicked();
    this.announceLater();
  }

  /** Shows why nothing was read. */
  fail(message: string): void {
    this.show({ digits: [], remarks: [message], milliseconds: 0 });
  }

  /** Shows a sentence beside the reading, until another one or none (an empty text) takes its place. */
  notify(notice: string): void {
    this.notice = notice;
    this.showRemarks();
    if (notice !== '') this.announceLater();
  }

  private showRemarks(): void {
    element('remarks').textContent = [...this.remarks, this.notice].join(' ').trim();
  }

  private wordsOn(digits: readonly DigitReading[]): string {
    if (digits.length === 0) return '';
    const right = digits.reduce((share, { probabilities }) => {
      return share * (1 - wrongShare(this.bins, Math.max(...probabilities)));
    }, 1);
    return sayWrong(1 - right, digits.length > 1 ? 'numbers' : 'readings');
  }

  /** The image that the network got of each digit; of several, each is a button. */
  private showImages(): void {
    const list = element('images');
    while (list.children.length > this.digits.length) list.lastElementChild?.remove();
    while (list.children.length < this.digits.length) {
      const at = list.children.length;
      const button = document.createElement('button');
      button.type = 'button';
      const canvas = document.createElement('canvas');
      button.append(canvas);
      button.addEventListener('click', () => {
        this.picked = at;
        this.showPicked();
      });
      list.append(button);
    }
    this.digits.forEach(({ image, probabilities }, at) => {
      const button = list.children[at] as HTMLButtonElement;
      const { first } = rankGuesses(probabilities);
      const share = percent(first.probability);
      button.setAttribute('aria-label', `Number ${at + 1}, read as ${first.digit}, ${share} sure`);
      button.disabled = this.digits.length === 1;
      const tones = Uint8Array.from(image, (ink) => Math.round(255 * ink));
      paintTones(button.firstElementChild as HTMLCanvasElement, tones, imageSize);
    });
  }

  private showPicked(): void {
    const at = this.picked ?? this.digits.length - 1;
    const digit = this.digits[at];
    [...element('images').children].forEach((button, index) =>
      button.setAttribute('aria-pressed', String(index === at)),
    );
    element('of').textContent = this.digits.length > 1 ? `, number ${at + 1}` : '';
    const best = digit ? rankGuesses(digit.probabilities).first.digit : undefined;
    this.bars.forEach((row, value) => {
      const probability = digit?.probabilities[value] ?? 0;
      const [, track, share] = row.children as unknown as HTMLElement[];
      (track.firstElementChild as HTMLElement).style.transform = `scaleX(${probability})`;
      share.textContent = digit ? percent(probability) : '';
      row.classList.toggle('best', value === best);
    });
    this.inside.show(digit);
  }

  /** Tells a screen reader, once the digits have stopped changing. */
  private announceLater(): void {
    clearTimeout(this.announcement);
    this.announcement = window.setTimeout(() => {
      const texts = ['words', 'second', 'remarks'].map((id) => element(id).textContent);
      const number = element('number').textContent;
      const read = this.digits.length > 0 ? [`Read: ${number}.`] : [];
      const text = [...read, ...texts].filter(Boolean).join(' ');
      element('announcement').textContent = text || 'Nothing is drawn.';
    }, announceAfter);
  }
}

/** In whole percent, and more exactly near certainty, which nothing reaches. */
function percent(share: number): string {
  if (share >= 0.9995) return '> 99.9 %';
  if (share > 0.99) return `${(100 * share).toFixed(1)} %`;
  return `${Math.round(100 * share)} %`;
}
