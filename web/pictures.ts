/*
 * How does a picture file become colors?
 */
import { workingLength, type Colors } from '../lib/picture/prepare';

/** The largest picture that is decoded, in pixels, as in Node. */
const mostPixels = 100_000_000;

/**
 * Decodes a picture in any format that the browser knows, scaled down as `readPicture` does it in Node.
 *
 * It is decoded beside the page, which stays usable, and never more of it is kept than needed.
 *
 * @param file - Its bytes.
 * @throws Error with a sentence for people when it is no picture or too large.
 */
export async function decodePicture(file: Blob): Promise<ImageBitmap> {
  const { width, height } = await sizeOf(file);
  if (width * height > mostPixels) {
    throw new Error(
      `This picture has ${Math.round((width * height) / 1e6)} megapixels; at most ` +
        `${mostPixels / 1e6} can be read. Scale it down, or cut out the digit.`,
    );
  }
  const scale = Math.min(1, workingLength(width, height) / Math.max(width, height));
  try {
    return await createImageBitmap(file, {
      resizeWidth: Math.max(1, Math.round(scale * width)),
      resizeHeight: Math.max(1, Math.round(scale * height)),
      resizeQuality: 'medium',
    });
  } catch {
    // Such as a drawing in SVG, or a picture that ends too early.
    throw noPicture();
  }
}

function noPicture(): Error {
  return new Error('This is no picture that can be read here. Try a PNG, JPEG or WebP file.');
}

/** The size of a picture as it is seen, turned the way the camera was held. */
async function sizeOf(file: Blob): Promise<{ width: number; height: number }> {
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    const isLoaded = new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
    });
    image.src = address;
    await isLoaded;
    return { width: image.naturalWidth, height: image.naturalHeight };
  } catch {
    throw noPicture();
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The colors of a decoded picture. */
export function colorsOf(image: ImageBitmap): Colors {
  const { width, height } = image;
  const context = new OffscreenCanvas(width, height).getContext('2d', {
    willReadFrequently: true,
  });
  if (context === null) throw new Error('this browser cannot read the colors of a picture');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return { rgba: new Uint8Array(data.buffer), width, height };
}

/**
 * Calls back with each picture that is dropped anywhere on the page, pasted, or chosen.
 *
 * @param choosers - Inputs of type file.
 * @param onFile - Gets the file.
 */
export function listenForPictures(
  choosers: readonly HTMLInputElement[],
  onFile: (file: Blob) => void,
): void {
  const take = (files: FileList | null | undefined) => {
    if (files?.[0]) onFile(files[0]);
    return Boolean(files?.[0]);
  };
  for (const chooser of choosers) {
    chooser.addEventListener('change', () => {
      take(chooser.files);
      // The same file can be chosen again.
      chooser.value = '';
    });
  }
  addEventListener('paste', (event) => {
    if (take(event.clipboardData?.files)) event.preventDefault();
  });
  const { classList } = document.documentElement;
  addEventListener('dragover', (event) => {
    event.preventDefault();
    classList.add('dropping');
  });
  for (const kind of ['dragleave', 'drop'] as const) {
    addEventListener(kind, () => classList.remove('dropping'));
  }
  addEventListener('drop', (event) => {
    event.preventDefault();
    take(event.dataTransfer?.files);
  });
}
