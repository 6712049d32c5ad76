import assert from 'node:assert/strict';
import {
  escapeMarkup,
  requireClassNames,
  requireNamed,
  shorten,
  widthOf,
  wrap,
} from '../../lib/report/names';
import { escapedMarkupName, markupName } from '../fixtures';

it('escapeMarkup(text) leaves Plotly no tag, entity, formula, template or line break', () => {
  assert.equal(escapeMarkup(markupName), escapedMarkupName);
  assert.doesNotMatch(escapeMarkup(markupName), /[<>$]|&(?!#)|%\{/);
  assert.equal(escapeMarkup('two\r\nlines\tand\u2028more'), 'two lines and more');
  assert.equal(escapeMarkup('98 % of "cats" {a}'), '98 % of "cats" {a}');
  assert.equal(escapeMarkup(''), '');
});

it('escapeMarkup(text) gives back the very letters when entities are read once', () => {
  const read = escapeMarkup(markupName).replace(/&#(\d+);/g, (_, code) =>
    String.fromCharCode(Number(code)),
  );
  assert.equal(read, markupName);
});

it('shorten(text, width) keeps both ends, and what fits as it is', () => {
  assert.equal(shorten('a black cat and a dog', 11), 'a blac… dog');
  assert.equal(shorten('eleven long', 11), 'eleven long');
  assert.equal(shorten('', 11), '');
  assert.notEqual(shorten('the same beginning, 1', 12), shorten('the same beginning, 2', 12));
});

it('shorten(text, width) counts Chinese letters twice, and never cuts through a letter', () => {
  assert.equal(widthOf('中文'), 4);
  assert.ok(widthOf(shorten('中文名字的类别一二三四五六', 11)) <= 11);
  const family = '👨‍👩‍👧';
  assert.equal(shorten(family.repeat(9), 6), `${family}…${family}`);
});

it('wrap(text, width, mostLines) breaks at spaces, and a word that is too long anywhere', () => {
  assert.deepEqual(wrap('one two three', 7, 3), ['one two', 'three']);
  assert.deepEqual(wrap('one twothree', 7, 3), ['one', 'twothre', 'e']);
  assert.deepEqual(wrap('', 7, 3), ['']);
  assert.deepEqual(wrap('short', 7, 3), ['short']);
});

it('wrap(text, width, mostLines) cuts what is too much for the last line', () => {
  const lines = wrap('one two three four five six', 8, 2);
  assert.equal(lines.length, 2);
  assert.equal(lines[0], 'one two');
  assert.match(lines[1], /^thr.*….*ix$/);
});

it('requireClassNames(classNames, classCount) wants one text for each class', () => {
  requireClassNames(['cat', 'cat', ''], 3);
  assert.throws(() => requireClassNames(['cat', 'dog'], 3), {
    name: 'RangeError',
    message: 'classNames has 2 names; expected one for each of 3 classes',
  });
  assert.throws(() => requireClassNames(['cat', 'dog'], 1), /one for each of 1 classes/);
  assert.throws(() => requireClassNames([], 0), /0 names; expected at least one class/);
  assert.throws(() => requireClassNames(['cat', 5 as unknown as string], 2), {
    name: 'RangeError',
    message: 'classNames[1] is 5; expected a text',
  });
});

it('requireNamed(where, label, classNames) says which label has no name', () => {
  requireNamed('labels[0]', 1, ['cat', '']);
  assert.throws(() => requireNamed('labels[7]', 2, ['cat', 'dog']), {
    name: 'RangeError',
    message:
      'labels[7] is 2, but classNames has 2 names; expected a whole number from 0 to 1, or a name ' +
      'for every class',
  });
});
