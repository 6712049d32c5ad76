/*
 * The page where one draws a digit: brings its parts together.
 */
import { Board } from './board';
import { joinBins, type Bin } from './confidence';
import { element } from './elements';
import { colorsOf, decodePicture, listenForPictures } from './pictures';
import { Reader } from './reader';
import { Result } from './result';

/** Put in when the page is built, from the report's reliability diagram. */
declare const reliabilityBins: readonly Bin[];

const penWidth = element<HTMLInputElement>('pen');
const insideSwitch = element<HTMLInputElement>('inside');
const undo = element<HTMLButtonElement>('undo');
const clear = element<HTMLButtonElement>('clear');

const result = new Result(joinBins(reliabilityBins));
const reader = new Reader({
  onReady: ({ backend }) => {
    element('backend').textContent = `The network is loaded and runs here, by ${backend}.`;
    document.documentElement.classList.add('ready');
    void keepForOffline();
  },
  onReading: (reading) => result.show(reading),
  onFailure: (message) => result.fail(message),
  onBroken: (message) => {
    element('backend').textContent = 'Nothing can be read.';
    result.fail(message);
  },
});
const board = new Board(
  element<HTMLCanvasElement>('board'),
  element('cursor'),
  () => Number(penWidth.value),
  onBoardChange,
);

/** At most one reading a frame is asked for, so that drawing never waits. */
let frame = 0;

function onBoardChange(): void {
  result.notify('');
  undo.disabled = !board.canUndo;
  clear.disabled = board.isEmpty;
  element('hint').hidden = !board.isEmpty;
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(readBoard);
}

function readBoard(): void {
  if (board.isEmpty) {
    result.show({ digits: [], remarks: [], milliseconds: 0 });
    reader.forget();
    return;
  }
  const { picture } = board;
  const colors = picture ? colorsOf(picture) : board.drawnColors();
  reader.read({ colors, isDrawing: picture === undefined, withMaps: insideSwitch.checked });
}

async function showPicture(file: Blob): Promise<void> {
  try {
    board.showPicture(await decodePicture(file));
  } catch (error) {
    // What is on the board stays, and so does its reading.
    result.notify((error as Error).message);
  }
}

/** Only now, so that keeping the files does not delay the first reading. */
async function keepForOffline(): Promise<void> {
  try {
    await navigator.serviceWorker?.register('offline.js');
    await navigator.serviceWorker?.ready;
    element('offline').hidden = false;
  } catch {
    // Without it, as in a private window, the page is as good but for opening offline.
  }
}

undo.addEventListener('click', () => board.undo());
clear.addEventListener('click', () => board.clear());
insideSwitch.addEventListener('change', onBoardChange);
addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'z') board.undo();
  else if (event.key === 'Delete' || event.key === 'Escape') board.clear();
  else return;
  event.preventDefault();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => board.redraw());
listenForPictures([element('choose'), element('camera')], (file) => void showPicture(file));
onBoardChange();
