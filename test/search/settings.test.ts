import assert from 'node:assert/strict';
import { architectureNames } from '../../lib/networks/architectures';
import { checkSettings, settingSchemas, SettingsError } from '../../search/settings';

const least = { architecture: 'tiny-cnn', epochs: 2 };

/** Checks that settings are refused with a message. */
function refused(settings: unknown, message: string): void {
  assert.throws(
    () => checkSettings(settings),
    (error) => error instanceof SettingsError && error.message === message,
    message,
  );
}

it('checkSettings(settings) gives back what fits', () => {
  const all = {
    ...{ architecture: 'deeper-cnn', epochs: 15, learningRate: 0.01, batchSize: 64, dropout: 0 },
    schedule: { kind: 'cosine', warmUpSteps: 10 },
    augmentation: { rotation: 10, shift: 0.1, zoom: 0, shear: 5 },
    ...{ weightDecay: 0.01, averageDecay: 0.99, labelSmoothing: 0.1, precision: 'float32' },
    ...{ seed: -1, limit: 10 },
  };
  assert.deepEqual(checkSettings(all), all);
  assert.deepEqual(Object.keys(all).sort(), Object.keys(settingSchemas).sort());
  assert.deepEqual(checkSettings(least), least);
});

it('checkSettings(settings) names what is unknown, also where another is missing for it', () => {
  const known = Object.keys(settingSchemas).join(', ');
  refused(
    { architecture: 'tiny-cnn', epoch: 2 },
    `settings has epoch, which is unknown; expected ${known}`,
  );
  refused(
    { ...least, augmentation: { turn: 5 } },
    'settings.augmentation has turn, which is unknown; expected rotation, shift, zoom, shear',
  );
});

it('checkSettings(settings) says what is missing', () => {
  refused(
    { epochs: 2 },
    `settings has no architecture; expected one of ${architectureNames.join(', ')}`,
  );
  refused({ architecture: 'tiny-cnn' }, 'settings has no epochs; expected a whole number from 1');
});

it('checkSettings(settings) says what is of another type or out of range', () => {
  refused({ ...least, epochs: 1.5 }, 'settings.epochs is 1.5; expected a whole number from 1');
  refused({ ...least, epochs: '2' }, 'settings.epochs is "2"; expected a whole number from 1');
  refused({ ...least, learningRate: 0 }, 'settings.learningRate is 0; expected a number above 0');
  refused(
    { ...least, labelSmoothing: 1 },
    'settings.labelSmoothing is 1; expected a number from 0 to below 1',
  );
  refused(
    { ...least, precision: 'int8' },
    'settings.precision is "int8"; expected one of float32, bfloat16',
  );
  refused(
    { ...least, augmentation: { shift: 0.7 } },
    'settings.augmentation.shift is 0.7; expected a number from 0 to 0.5',
  );
  refused(
    { ...least, schedule: 'cosine' },
    'settings.schedule is "cosine"; expected an object with kind, warmUpSteps',
  );
  for (const none of [null, [], 'text', 3]) {
    assert.throws(
      () => checkSettings(none),
      /^SettingsError: settings is .*; expected an object with arch/,
    );
  }
});

it('checkSettings(settings) refuses dropout for a network that has none', () => {
  refused(
    { ...least, dropout: 0.2 },
    'settings.dropout is given, but tiny-cnn has no dropout; expected the architecture regularized-cnn ' +
      'or deeper-cnn. Leave dropout out, or take one of these',
  );
});
