/**
 * The service under load: `served.ts MODEL PORT MOST_IMAGES`, the last as `createService` takes it.
 *
 * Writes a line of JSON when it listens.
 */
import { describeRuntime, MnistClassifier } from 'digit-recognizer';
import { warmUp } from '../service/reader';
import { createService } from '../service/server';

const [model, port, mostImages] = process.argv.slice(2);

async function serve(): Promise<void> {
  const classifier = await MnistClassifier.load(model);
  await warmUp(classifier);
  const app = await createService({
    ...{ classifier, page: 'web/no-page', mostImages: Number(mostImages) },
    logStream: process.stderr,
  });
  await app.listen({ port: Number(port) });
  const { node, tensorflow } = describeRuntime();
  console.log(JSON.stringify({ node, 'tensorflow of tfjs': tensorflow }));
}

void serve();
