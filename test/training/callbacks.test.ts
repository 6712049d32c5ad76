import assert from 'node:assert/strict';
import {
  EarlyStopping,
  ReduceLearningRateOnPlateau,
  type CallbackState,
  type EarlyStoppingOptions,
  type ReduceLearningRateOptions,
} from '../../lib/training/callbacks';
import { learningRateOf, setLearningRate } from '../../lib/training/learningRate';
import { tf } from '../../lib/platform/tensorflow';
import fixture from '../fixtures/callbacks.json';

interface Scenario<Options, Row> {
  readonly name: string;
  readonly options: Options;
  readonly values: readonly (number | string)[];
  readonly epochs: readonly (Row & {
    readonly wait: number;
    readonly best: number | string | null;
  })[];
}
interface StoppingRow {
  readonly stopped: boolean;
}
interface ReducingRow {
  readonly cooldownLeft: number;
  readonly learningRate: number;
}
interface End {
  readonly weightsOfEpoch: number;
  readonly bestEpoch: number | null;
  readonly stoppedEpoch: number | null;
}
const stopping = fixture.earlyStopping as (Scenario<EarlyStoppingOptions, StoppingRow> & End)[];
const reducing = fixture.reduceLearningRateOnPlateau as Scenario<
  ReduceLearningRateOptions,
  ReducingRow
>[];

it('EarlyStopping agrees with Keras after every epoch and at the end', async () => {
  const model = oneWeight();
  for (const scenario of stopping) {
    await followStopping(model, scenario);
  }
  dispose(model);
});

it('EarlyStopping goes on from a state as if nothing had happened', async () => {
  const model = oneWeight();
  for (const scenario of stopping) {
    for (let cut = 1; cut <= scenario.epochs.length; cut++) {
      await followStopping(model, scenario, cut);
    }
  }
  dispose(model);
});

it('ReduceLearningRateOnPlateau agrees with Keras after every epoch', async () => {
  const model = oneWeight();
  for (const scenario of reducing) {
    await followReducing(model, scenario);
  }
  dispose(model);
});

it('ReduceLearningRateOnPlateau goes on from a state as if nothing had happened', async () => {
  const model = oneWeight();
  for (const scenario of reducing) {
    for (let cut = 1; cut <= scenario.epochs.length; cut++) {
      await followReducing(model, scenario, cut);
    }
  }
  dispose(model);
});

it('mode auto gives metrics the direction that Keras gives them, or refuses', () => {
  for (const [metric, direction] of Object.entries(fixture.directions)) {
    for (const monitor of [metric, `val_${metric}`]) {
      for (const callback of [EarlyStopping, ReduceLearningRateOnPlateau]) {
        if (direction === 'unknown') {
          const message = new RegExp(`RangeError: mode is auto.*${monitor}; expected min if lower`);
          assert.throws(() => new callback({ monitor }), message);
        } else {
          assert.equal(new callback({ monitor }).settings.mode, direction, monitor);
        }
      }
    }
  }
});

it('mode auto takes cosine proximity, which tfjs negates, to its lowest', () => {
  const labels = tf.tensor2d([[1, 0]]);
  const guesses = tf.tensor2d([
    [1, 0],
    [0, 1],
  ]);
  const proximity = tf.metrics.cosineProximity(labels, guesses);
  const [same, across] = proximity.dataSync();
  assert.ok(same < across, `${same} of the same, ${across} of another`);
  assert.equal(new EarlyStopping({ monitor: 'val_cosine' }).settings.mode, 'min');
  tf.dispose([labels, guesses, proximity]);
});

it('settings name the class and every option, fit for JSON', () => {
  const settings = [
    new EarlyStopping().settings,
    new EarlyStopping({ monitor: 'val_acc', minDelta: -0.5, baseline: 0.9 }).settings,
    new ReduceLearningRateOnPlateau({ patience: undefined }).settings,
  ];
  assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings);
  const stop = {
    class: 'EarlyStopping',
    patience: 0,
    restoreBestWeights: false,
    startFromEpoch: 0,
  };
  assert.deepEqual(settings, [
    { ...stop, monitor: 'val_loss', mode: 'min', minDelta: 0, baseline: null },
    { ...stop, monitor: 'val_acc', mode: 'max', minDelta: 0.5, baseline: 0.9 },
    {
      class: 'ReduceLearningRateOnPlateau',
      monitor: 'val_loss',
      mode: 'min',
      minDelta: 1e-4,
      patience: 10,
      factor: 0.1,
      cooldown: 0,
      minLearningRate: 0,
    },
  ]);
});

it('options out of their range are refused, naming the range', () => {
  const cases: [() => unknown, RegExp][] = [
    [() => new EarlyStopping({ patience: -1 }), /patience is -1; expected a whole number from 0/],
    [() => new EarlyStopping({ patience: 1.5 }), /patience is 1\.5; expected a whole number/],
    [() => new EarlyStopping({ minDelta: NaN }), /minDelta is NaN; expected a number/],
    [() => new EarlyStopping({ baseline: Infinity }), /baseline is Infinity; expected a number/],
    [() => new EarlyStopping({ startFromEpoch: -1 }), /startFromEpoch is -1; expected a whole/],
    [() => new EarlyStopping({ mode: 'best' as 'max' }), /mode is best; expected auto, min or max/],
    [() => new ReduceLearningRateOnPlateau({ factor: 1 }), /factor is 1; expected above 0 and bel/],
    [() => new ReduceLearningRateOnPlateau({ factor: 0 }), /factor is 0; expected above 0 and bel/],
    [() => new ReduceLearningRateOnPlateau({ patience: NaN }), /patience is NaN; expected a whole/],
    [() => new ReduceLearningRateOnPlateau({ cooldown: -1 }), /cooldown is -1; expected a whole/],
    [
      () => new ReduceLearningRateOnPlateau({ minLearningRate: -1 }),
      /minLearningRate is -1; expected a number from 0/,
    ],
  ];
  for (const [make, message] of cases) {
    assert.throws(make, (error: Error) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, message);
      return true;
    });
  }
});

it('onEpochEnd(epoch, logs) without the watched value names what is there', async () => {
  const model = oneWeight();
  for (const callback of [new EarlyStopping(), new ReduceLearningRateOnPlateau()]) {
    await begin(callback, model);
    await assert.rejects(
      callback.onEpochEnd(2, { loss: 1, acc: 0.5 }),
      /Error: \w+ monitors val_loss, which the logs of epoch 3 lack; they have loss, acc.*validation/,
    );
  }
  await assert.rejects(
    new EarlyStopping().onEpochEnd(0),
    /logs of epoch 1 lack; they have nothing/,
  );
  dispose(model);
});

it('onEpochEnd(epoch, logs) reads a tensor and leaves it to its owner', async () => {
  const model = oneWeight();
  const callbacks = [new EarlyStopping(), new ReduceLearningRateOnPlateau()];
  for (const callback of callbacks) {
    await begin(callback, model);
    const logs = { val_loss: tf.scalar(0.75) };
    await callback.onEpochEnd(0, logs);
    assert.equal(callback.getState().values.best, 0.75);
    assert.equal(logs.val_loss.isDisposed, false);
    logs.val_loss.dispose();
  }
  dispose(model);
});

it('a callback without a model says what to call first', async () => {
  const { values, weights } = new EarlyStopping().getState();
  const first = /Error: EarlyStopping has no model yet; call setModel and onTrainBegin first/;
  assert.throws(() => new EarlyStopping().setState({ values, weights }), first);
});

it('setState(state) refuses the state of another class or network', async () => {
  const model = oneWeight();
  const stop = new EarlyStopping({ restoreBestWeights: true });
  const reduce = new ReduceLearningRateOnPlateau();
  for (const callback of [stop, reduce]) {
    await begin(callback, model);
    await callback.onEpochEnd(0, { val_loss: 1 });
  }
  assert.throws(
    () => stop.setState(reduce.getState()),
    /RangeError: the state of EarlyStopping has undefined as bestEpoch; expected a number or null/,
  );
  assert.throws(
    () => reduce.setState(stop.getState()),
    /RangeError: the state of ReduceLearningRateOnPlateau has undefined as cooldownLeft/,
  );
  assert.throws(
    () => stop.setState({ ...stop.getState(), weights: [new Float32Array(2)] }),
    /RangeError: the state of EarlyStopping has weights of \[2\] values; expected \[1\]/,
  );
  assert.throws(
    () => stop.setState({ ...stop.getState(), weights: [] }),
    /RangeError: the state of EarlyStopping has weights of \[\] values; expected \[1\]/,
  );
  dispose(model);
});

it('best weights stay what they were, whatever changes the model', async () => {
  const model = oneWeight();
  const callback = new EarlyStopping({ restoreBestWeights: true, patience: 9 });
  await begin(callback, model);
  const values = Float32Array.of(1);
  tf.tidy(() => model.setWeights([tf.tensor2d(values, [1, 1])]));
  await callback.onEpochEnd(0, { val_loss: 0.5 });
  values[0] = 2;
  setWeight(model, 3);
  await callback.onEpochEnd(1, { val_loss: 0.75 });
  assert.deepEqual(callback.getState().weights, [Float32Array.of(1)]);
  dispose(model);
});

it('onTrainBegin() forgets an earlier training', async () => {
  const model = oneWeight();
  const stop = new EarlyStopping({ restoreBestWeights: true });
  const reduce = new ReduceLearningRateOnPlateau({ patience: 1, cooldown: 5 });
  for (const callback of [stop, reduce]) {
    await begin(callback, model);
    const fresh = callback.getState();
    await callback.onEpochEnd(0, { val_loss: 0.5 });
    await callback.onEpochEnd(1, { val_loss: 0.5 });
    assert.notDeepEqual(callback.getState(), fresh);
    await begin(callback, model);
    assert.deepEqual(callback.getState(), fresh);
  }
  assert.deepEqual([stop.bestEpoch, stop.stoppedEpoch], [undefined, undefined]);
  dispose(model);
});

it('model.fit(..., {callbacks}) slows down, stops and gives the best weights back', async () => {
  const { model, fit } = passingBy();
  const stop = new EarlyStopping({ patience: 4, restoreBestWeights: true });
  const options = { patience: 2, minDelta: 0, factor: 0.5 };
  const history = await fit([new ReduceLearningRateOnPlateau(options), stop]);
  const losses = history.history.val_loss as number[];
  const best = losses.indexOf(Math.min(...losses)) + 1;
  assert.ok(best > 1 && best < 30, `best epoch ${best}`);
  assert.equal(stop.bestEpoch, best);
  assert.equal(stop.stoppedEpoch, best + 4);
  assert.equal(losses.length, best + 4);
  const rates = history.history.learning_rate as number[];
  assert.deepEqual(
    rates,
    losses.map((_, index) => (index < best + 2 ? 0.05 : 0.025)),
  );
  assert.equal(learningRateOf(model.optimizer), 0.0125);
  assert.ok(Math.abs(weightOf(model) - (1 - 0.9 ** best)) < 1e-6, `weight ${weightOf(model)}`);
  dispose(model);
});

it('model.fit(..., {callbacks}) leaves no tensor behind and can be called again', async () => {
  const { model, fit } = passingBy();
  const callbacks = [
    new ReduceLearningRateOnPlateau({ patience: 1, factor: 0.9 }),
    new EarlyStopping({ patience: 3, restoreBestWeights: true }),
  ];
  await fit(callbacks);
  const before = tf.memory().numTensors;
  setWeight(model, 0);
  const again = await fit(callbacks);
  assert.ok(again.epoch.length > 3, `${again.epoch.length} epochs`);
  assert.equal(tf.memory().numTensors, before);
  dispose(model);
});

/** Runs a scenario against the fixture; after epoch `cut` a new callback goes on from its state. */
async function followStopping(
  model: tf.LayersModel,
  { name, options, values, epochs, ...end }: (typeof stopping)[number],
  cut?: number,
): Promise<void> {
  let callback = new EarlyStopping(options);
  await begin(callback, model);
  for (const [index, expected] of epochs.entries()) {
    const place = `${name}, epoch ${index + 1}, cut ${cut}`;
    assert.equal(model.stopTraining, false, place);
    setWeight(model, index + 1);
    await callback.onEpochEnd(index, logsOf(callback, values[index]));
    if (index + 1 === cut) {
      const state = throughJson(callback.getState());
      callback = new EarlyStopping(options);
      await begin(callback, model);
      callback.setState(state);
    }
    const { stopped, ...watched } = expected;
    assert.deepEqual(watchedBy(callback.getState()), numbered(watched), place);
    assert.equal(model.stopTraining, stopped, place);
  }
  await callback.onTrainEnd();
  const { bestEpoch = null, stoppedEpoch = null } = callback;
  assert.deepEqual({ weightsOfEpoch: weightOf(model), bestEpoch, stoppedEpoch }, end, name);
}

async function followReducing(
  model: tf.LayersModel,
  { name, options, values, epochs }: (typeof reducing)[number],
  cut?: number,
): Promise<void> {
  let callback = new ReduceLearningRateOnPlateau(options);
  await begin(callback, model);
  setLearningRate(model.optimizer, fixture.learningRate);
  for (const [index, expected] of epochs.entries()) {
    const place = `${name}, epoch ${index + 1}, cut ${cut}`;
    const before = learningRateOf(model.optimizer);
    const logs = logsOf(callback, values[index]);
    await callback.onEpochEnd(index, logs);
    assert.equal(logs.learning_rate, before, place);
    if (index + 1 === cut) {
      const state = throughJson(callback.getState());
      callback = new ReduceLearningRateOnPlateau(options);
      await begin(callback, model);
      callback.setState(state);
    }
    const { learningRate, cooldownLeft, ...watched } = expected;
    const state = callback.getState();
    assert.deepEqual(watchedBy(state), numbered(watched), place);
    assert.equal(state.values.cooldownLeft, cooldownLeft, place);
    // Keras keeps the rate in 32 bits.
    const rate = learningRateOf(model.optimizer);
    assert.ok(Math.abs(rate / learningRate - 1) < 1e-6, `${place}: ${rate}, not ${learningRate}`);
  }
}

async function begin(callback: tf.Callback, model: tf.LayersModel): Promise<void> {
  model.stopTraining = false;
  callback.setModel(model);
  await callback.onTrainBegin();
}

function logsOf(
  { settings }: EarlyStopping | ReduceLearningRateOnPlateau,
  value: number | string,
): Record<string, number> {
  return { other: 7, [settings.monitor]: Number(value) };
}

/** What the fixture tells of both callbacks, from a state that holds no NaN and no infinity. */
function watchedBy({ values }: CallbackState): object {
  const limits: Record<string, number> = { '-1': -Infinity, '0': NaN, '1': Infinity };
  const { wait, best, bestLimit } = values;
  return { wait, best: bestLimit === null ? best : limits[bestLimit] };
}

function numbered({ wait, best }: { wait: number; best: number | string | null }): object {
  return { wait, best: best === null ? null : Number(best) };
}

function throughJson({ values, weights }: CallbackState): CallbackState {
  return { values: JSON.parse(JSON.stringify(values)), weights };
}

/** A network of one weight, which starts at zero. */
function oneWeight(rate = 0.1): tf.LayersModel {
  const options = { units: 1, useBias: false, kernelInitializer: 'zeros', inputShape: [1] };
  const model = tf.sequential({ layers: [tf.layers.dense(options as { units: number })] });
  model.compile({ optimizer: tf.train.sgd(rate), loss: 'meanSquaredError' });
  return model;
}

/** A training whose weight goes to 1, a tenth of the way an epoch, past the 0.7 of validation. */
function passingBy() {
  const model = oneWeight(0.05);
  const fit = (callbacks: tf.Callback[]) => {
    const [input, target, validation] = [1, 1, 0.7].map((value) => tf.tensor2d([[value]]));
    const validationData: [tf.Tensor, tf.Tensor] = [input, validation];
    return model
      .fit(input, target, { epochs: 40, verbose: 0, validationData, callbacks })
      .finally(() => tf.dispose([input, target, validation]));
  };
  return { model, fit };
}

function setWeight(model: tf.LayersModel, value: number): void {
  tf.tidy(() => model.setWeights([tf.tensor2d([[value]])]));
}

function weightOf(model: tf.LayersModel): number {
  return model.getWeights()[0].dataSync()[0];
}

function dispose(model: tf.LayersModel): void {
  model.optimizer.dispose();
  model.dispose();
}

it('callbacks refuse an option that there is not, by its name', () => {
  const options = { restoreBestWeight: true };
  assert.throws(
    () => new EarlyStopping(options as object),
    /EarlyStopping has no option restoreBestWeight; expected one of monitor, mode/,
  );
  assert.throws(
    () => new ReduceLearningRateOnPlateau({ minLr: 0 } as object),
    /ReduceLearningRateOnPlateau has no option minLr; expected one of/,
  );
});
