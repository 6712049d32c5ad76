import assert from 'node:assert/strict';
import {
  axis,
  baseLayout,
  classAxis,
  hoverName,
  palette,
  sequentialScale,
  wholeNames,
} from '../../lib/report/figure';
import { sixtyLetters } from '../fixtures';

/** As their page "Color Universal Design" gives them, in RGB. */
const published = new Set([
  '0 0 0',
  '230 159 0',
  '86 180 233',
  '0 158 115',
  '240 228 66',
  '0 114 178',
  '213 94 0',
  '204 121 167',
]);

it('baseLayout(title, width, height, details) has the size, a bold title, and the details on top', () => {
  const layout = baseLayout('Samples', 300, 200, { paper_bgcolor: 'none', bargap: 0.5 });
  assert.deepEqual([layout.width, layout.height, layout.bargap], [300, 200, 0.5]);
  assert.equal((layout.title as { text: string }).text, '<b>Samples</b>');
  assert.deepEqual([layout.paper_bgcolor, layout.plot_bgcolor], ['none', '#ffffff']);
});

it('axis(title, details) has the title, and the details on top', () => {
  const loss = axis('loss (nats)', { ticks: 'inside', rangemode: 'tozero' });
  assert.equal((loss?.title as { text: string }).text, 'loss (nats)');
  assert.deepEqual([loss?.ticks, loss?.rangemode, loss?.zeroline], ['inside', 'tozero', false]);
});

it('baseLayout(title) draws a title letter by letter', () => {
  const { title } = baseLayout('a <b> & $x$', 500, 200, {});
  assert.equal((title as { text: string }).text, '<b>a &#60;b&#62; &#38; &#36;x&#36;</b>');
});

it('baseLayout(title) breaks a long title into three lines at most, and grows for them', () => {
  const one = baseLayout('Short', 400, 300, { margin: { l: 1, r: 2, t: 60, b: 4 } });
  const three = baseLayout('so long '.repeat(60), 400, 300, {
    margin: { l: 1, r: 2, t: 60, b: 4 },
  });
  const { text } = three.title as { text: string };
  const lines = text.replace(/<\/?b>/g, '').split('<br>');
  assert.equal(lines.length, 3);
  // A bold letter of 16 pixels is 8.5 pixels wide on average.
  lines.forEach((line) => assert.ok(line.length * 8.5 <= 400));
  assert.match(lines[2], /…/);
  assert.equal((three.height as number) - (one.height as number), 40);
  assert.deepEqual(three.margin, { l: 1, r: 2, t: 100, b: 4 });
  const fromTop = [one, three].map(
    ({ title, height }) => (1 - (title as { y: number }).y) * (height as number),
  );
  assert.ok(Math.abs(fromTop[0] - fromTop[1]) < 1e-9);
});

it('classAxis(classNames) names the place of each class, half a place from either end', () => {
  const { axis: classes, room } = classAxis(['cat', 'dog', 'cow'], 'below', 300, 'guess');
  assert.deepEqual(classes?.tickvals, [0, 1, 2]);
  assert.deepEqual(classes?.ticktext, ['cat', 'dog', 'cow']);
  assert.deepEqual(classes?.range, [-0.5, 2.5]);
  assert.equal((classes?.title as { text: string }).text, 'guess');
  assert.equal(room, 0);
  const turned = classAxis(['cat'], 'left', 60, 'truth', { range: [0.5, -0.5] });
  assert.deepEqual(turned.axis?.range, [0.5, -0.5]);
});

it('classAxis(classNames) keeps equal names apart, and draws them letter by letter', () => {
  const { axis: classes } = classAxis(['<b>one</b>', '<b>one</b>', '&amp;'], 'left', 300);
  assert.deepEqual(classes?.tickvals, [0, 1, 2]);
  assert.deepEqual(classes?.ticktext, [
    '&#60;b&#62;one&#60;/b&#62;',
    '&#60;b&#62;one&#60;/b&#62;',
    '&#38;amp;',
  ]);
});

it('classAxis(classNames) cuts long names, and asks for the room that they take', () => {
  const names = [0, 1, 2].map((index) => `${sixtyLetters} ${index}`);
  for (const side of ['below', 'left'] as const) {
    const { axis: classes, room } = classAxis(names, side, 300);
    const ticks = classes?.ticktext as string[];
    ticks.forEach((tick, index) => {
      assert.ok(tick.length <= 24 && tick.includes('…') && tick.endsWith(` ${index}`), tick);
    });
    assert.ok(room > 100 && room <= 24 * 7, `${side}: ${room} pixels`);
  }
});

it('classAxis(classNames) slants names that have no room, and writes some of very many', () => {
  const angle = (names: readonly string[]) => classAxis(names, 'below', 600).axis?.tickangle;
  assert.equal(angle(['cat', 'dog']), 0);
  assert.equal(angle(Array.from({ length: 10 }, () => 'ten letters')), -45);
  assert.equal(angle(Array.from({ length: 40 }, (_, index) => `class ${index}`)), -90);
  const { axis: many } = classAxis(
    Array.from({ length: 200 }, (_, index) => String(index)),
    'below',
    600,
  );
  const written = many?.tickvals as number[];
  assert.deepEqual([many?.range?.[1], written[0]], [199.5, 0]);
  assert.ok(written.length >= 30 && 600 / written.length >= 14);
});

it('wholeNames(classNames) answers on hovering where an axis has a name cut, else not at all', () => {
  assert.deepEqual(wholeNames(['cat', 'dog'], 0), []);
  const [trace] = wholeNames(['cat', `${sixtyLetters} <b>`], 90);
  assert.deepEqual(trace.y, [90, 90]);
  const [cat, long] = trace.hovertext as string[];
  assert.equal(cat, 'cat');
  assert.equal(long.replace('<br>', ' '), `${sixtyLetters} &#60;b&#62;`);
});

it('hoverName(name) is whole, on several lines', () => {
  const lines = hoverName(`${sixtyLetters} `.repeat(3)).split('<br>');
  assert.deepEqual(lines, [sixtyLetters, sixtyLetters, sixtyLetters]);
});

it('sequentialScale goes from 0 to 1, each color darker than the one before', () => {
  assert.deepEqual([sequentialScale[0][0], sequentialScale.at(-1)?.[0]], [0, 1]);
  const lights = sequentialScale.map(([, color]) => luminance(color));
  for (let step = 1; step < lights.length; step++) assert.ok(lights[step] < lights[step - 1]);
});

it("palette has the eight colors of Okabe and Ito's color universal design", () => {
  const channels = (color: string) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  assert.deepEqual(
    new Set(Object.values(palette).map((color) => channels(color).join(' '))),
    published,
  );
});

/** Relative luminance, 0 to 1 (WCAG 2). */
function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const value = parseInt(color.slice(start, start + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
