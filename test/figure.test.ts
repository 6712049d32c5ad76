import assert from 'node:assert/strict';
import { axis, baseLayout, classAxis, palette, sequentialScale } from '../lib/figure';

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

it('classAxis(classNames) names the place of each class, half a place from either end', () => {
  const classes = classAxis(['cat', 'dog', 'cow'], 'guess');
  assert.deepEqual(classes?.tickvals, [0, 1, 2]);
  assert.deepEqual(classes?.ticktext, ['cat', 'dog', 'cow']);
  assert.deepEqual(classes?.range, [-0.5, 2.5]);
  assert.equal((classes?.title as { text: string }).text, 'guess');
  assert.deepEqual(classAxis(['cat'], 'truth', { range: [0.5, -0.5] })?.range, [0.5, -0.5]);
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
