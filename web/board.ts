/*
 * What has been drawn, and how can it be taken back?
 */
import type { Colors } from '../lib/picture/prepare';

/** Size of the board; what is drawn has these units whatever the screen's size. */
const [boardWidth, boardHeight] = [480, 320];

/** Pixels of the screen's canvas, and of the one that is read, to a unit. */
const screenScale = 2;
const readScale = 0.3125;

/** Paper beyond the board's edges, so that ink at them has paper around it too, in units. */
const rim = 40;

/** How far an arrow key moves the pen, in units. */
const keyStep = 6;

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Stroke {
  readonly kind: 'stroke';
  readonly width: number;
  readonly points: Point[];
}

/** A picture that took the place of what was drawn. */
interface Picture {
  readonly kind: 'picture';
  readonly image: ImageBitmap;
}

/** What was done, so that it can be undone: clearing too. */
type Action = Stroke | Picture | { readonly kind: 'clear' };

/** The board on which one draws with a mouse, a finger, a pen or the arrow keys. */
export class Board {
  private readonly actions: Action[] = [];
  private readonly screen: CanvasRenderingContext2D;
  private readonly paper: CanvasRenderingContext2D;
  private color = 'black';
  private stroke: Stroke | undefined;
  private pen: Point = { x: boardWidth / 2, y: boardHeight / 2 };
  private readonly heldKeys = new Set<string>();
  private isPenDown = false;

  /**
   * @param canvas - Where to draw.
   * @param cursor - What shows the pen of the arrow keys, a child of the canvas's parent.
   * @param penWidth - Asked for the width of each new stroke, in units.
   * @param onChange - Called after every change of what is on the board.
   */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly cursor: HTMLElement,
    private readonly penWidth: () => number,
    private readonly onChange: () => void,
  ) {
    canvas.width = boardWidth * screenScale;
    canvas.height = boardHeight * screenScale;
    this.screen = contextOf(canvas, screenScale, false);
    const paper = document.createElement('canvas');
    paper.width = (boardWidth + 2 * rim) * readScale;
    paper.height = (boardHeight + 2 * rim) * readScale;
    this.paper = contextOf(paper, readScale, true);
    this.paper.translate(rim, rim);
    this.redraw();
    this.listenToPointers();
    this.listenToKeys();
  }

  /** Whether nothing is on the board. */
  get isEmpty(): boolean {
    return this.visible().length === 0;
  }

  /** Whether there is something to undo. */
  get canUndo(): boolean {
    return this.actions.length > 0;
  }

  /** Takes back the last stroke, picture or clearing. */
  undo(): void {
    this.endStroke();
    this.actions.pop();
    this.redraw();
    this.onChange();
  }

  /** Empties the board. */
  clear(): void {
    this.endStroke();
    if (!this.isEmpty) this.actions.push({ kind: 'clear' });
    this.redraw();
    this.onChange();
  }

  /**
   * Shows a picture instead of what was drawn; the next stroke begins on an empty board.
   *
   * @param image - Stays the board's, which may show it again after an undo.
   */
  showPicture(image: ImageBitmap): void {
    this.endStroke();
    this.actions.push({ kind: 'picture', image });
    this.redraw();
    this.onChange();
  }

  /** Draws everything anew, as after a change between light and dark. */
  redraw(): void {
    // Asked for only here: it costs a layout.
    this.color = getComputedStyle(this.canvas).color;
    this.screen.clearRect(0, 0, boardWidth, boardHeight);
    this.paper.fillStyle = 'white';
    this.paper.fillRect(-rim, -rim, boardWidth + 2 * rim, boardHeight + 2 * rim);
    for (const action of this.visible()) {
      if (action.kind === 'picture') drawInside(this.screen, action.image);
      else {
        drawStroke(this.screen, action, this.color, 0);
        drawStroke(this.paper, action, 'black', 0);
      }
    }
  }

  /** The strokes as they are read, black on white with some paper around; no picture. */
  drawnColors(): Colors {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const action of this.visible()) {
      if (action.kind === 'picture') continue;
      const { width, points } = action;
      for (const { x, y } of points) {
        left = Math.min(left, x - width / 2);
        top = Math.min(top, y - width / 2);
        right = Math.max(right, x + width / 2);
        bottom = Math.max(bottom, y + width / 2);
      }
    }
    const around = rim / 2;
    const from = (value: number) => Math.floor((value - around + rim) * readScale);
    const size = (low: number, high: number) => Math.ceil((high - low + 2 * around) * readScale);
    const [width, height] = [size(left, right), size(top, bottom)];
    const { data } = this.paper.getImageData(from(left), from(top), width, height);
    return { rgba: new Uint8Array(data.buffer), width, height };
  }

  /** The picture on the board, if it shows one. */
  get picture(): ImageBitmap | undefined {
    const [first] = this.visible();
    return first?.kind === 'picture' ? first.image : undefined;
  }

  /** What is on the board: a picture, or the strokes since it was last empty. */
  private visible(): readonly (Stroke | Picture)[] {
    const strokes: Stroke[] = [];
    for (let at = this.actions.length - 1; at >= 0; at--) {
      const action = this.actions[at];
      if (action.kind === 'stroke') strokes.unshift(action);
      else return action.kind === 'picture' && strokes.length === 0 ? [action] : strokes;
    }
    return strokes;
  }

  private listenToPointers(): void {
    const { canvas } = this;
    canvas.addEventListener('pointerdown', (event) => {
      if (!event.isPrimary || event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.cursor.hidden = true;
      this.isPenDown = false;
      this.beginStroke(this.pointOf(event));
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!event.isPrimary || this.stroke === undefined || event.buttons === 0) return;
      // The screen shows fewer places than the mouse reports, and curves want them all.
      const events = event.getCoalescedEvents?.() ?? [];
      const places = events.length > 0 ? events : [event];
      this.extendStroke(places.map((place) => this.pointOf(place)));
    });
    for (const kind of ['pointerup', 'pointercancel'] as const) {
      canvas.addEventListener(kind, (event) => {
        if (event.isPrimary) this.endStroke();
      });
    }
  }

  /** Arrow keys move the pen, two of them at a slant; the space bar lowers and lifts it. */
  private listenToKeys(): void {
    const { canvas, heldKeys } = this;
    canvas.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === ' ') this.togglePen();
      else if (event.key.startsWith('Arrow')) {
        heldKeys.add(event.key);
        this.movePen();
      } else return;
      event.preventDefault();
    });
    canvas.addEventListener('keyup', ({ key }) => heldKeys.delete(key));
    canvas.addEventListener('blur', () => {
      heldKeys.clear();
      this.cursor.hidden = true;
      if (this.isPenDown) this.togglePen();
    });
  }

  private togglePen(): void {
    const isDown = !this.isPenDown;
    if (isDown) this.beginStroke(this.pen);
    else this.endStroke();
    this.isPenDown = isDown;
    this.cursor.hidden = false;
    this.showCursor();
  }

  private movePen(): void {
    const along = (less: string, more: string) =>
      keyStep * (Number(this.heldKeys.has(more)) - Number(this.heldKeys.has(less)));
    this.pen = onBoard({
      x: this.pen.x + along('ArrowLeft', 'ArrowRight'),
      y: this.pen.y + along('ArrowUp', 'ArrowDown'),
    });
    this.cursor.hidden = false;
    this.showCursor();
    if (this.isPenDown) this.extendStroke([this.pen]);
  }

  private showCursor(): void {
    this.cursor.style.left = `${(100 * this.pen.x) / boardWidth}%`;
    this.cursor.style.top = `${(100 * this.pen.y) / boardHeight}%`;
    this.cursor.classList.toggle('down', this.isPenDown);
  }

  private beginStroke(point: Point): void {
    this.endStroke();
    const isFresh = this.picture !== undefined;
    this.stroke = { kind: 'stroke', width: this.penWidth(), points: [point] };
    this.actions.push(this.stroke);
    if (isFresh) this.redraw();
    this.extendStroke([]);
  }

  private extendStroke(points: readonly Point[]): void {
    const { stroke } = this;
    if (stroke === undefined) return;
    const from = stroke.points.length - 1;
    stroke.points.push(...points);
    drawStroke(this.screen, stroke, this.color, from);
    drawStroke(this.paper, stroke, 'black', from);
    this.onChange();
  }

  private endStroke(): void {
    this.stroke = undefined;
    this.isPenDown = false;
  }

  private pointOf({ clientX, clientY }: MouseEvent): Point {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return onBoard({
      x: ((clientX - left) / width) * boardWidth,
      y: ((clientY - top) / height) * boardHeight,
    });
  }
}

/** The place on the board that is nearest. */
function onBoard({ x, y }: Point): Point {
  return { x: Math.min(boardWidth, Math.max(0, x)), y: Math.min(boardHeight, Math.max(0, y)) };
}

function contextOf(canvas: HTMLCanvasElement, scale: number, willReadFrequently: boolean) {
  const context = canvas.getContext('2d', { willReadFrequently });
  if (context === null) throw new Error('this browser has no canvas to draw on');
  context.scale(scale, scale);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  return context;
}

/** Draws a stroke from one of its points on; a single point is a dot. */
function drawStroke(
  context: CanvasRenderingContext2D,
  { width, points }: Stroke,
  color: string,
  from: number,
): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(points[from].x, points[from].y);
  for (const { x, y } of points.slice(from)) context.lineTo(x, y);
  context.stroke();
}

function drawInside(context: CanvasRenderingContext2D, image: ImageBitmap): void {
  const scale = Math.min(boardWidth / image.width, boardHeight / image.height);
  const [width, height] = [scale * image.width, scale * image.height];
  const [left, top] = [(boardWidth - width) / 2, (boardHeight - height) / 2];
  context.drawImage(image, left, top, width, height);
}
