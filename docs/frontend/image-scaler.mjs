/** Pictures in web pages: URLs, srcset, placeholders, uploads with progress. It has no dependencies and no build step;
 * functions that need no page also work on servers. A picture is identified by its id, followed by the query of a
 * signature if the page has no cookies:
 *   01JD…                                        public pictures, or signed cookies
 *   01JD…?Policy=…&Signature=…&Key-Pair-Id=…     one signature for all sizes (Pictures.signature of the Python client)
 */

/** The widths in px of common screens, all of them steps to which requested widths are rounded. */
export const WIDTHS = [320, 640, 828, 1280, 1920, 2560];

/** Return the URL of one variant of a picture.
 * @param {string} edge  the edge's origin, such as https://images.example.com
 * @param {string} picture  id, optionally followed by a signature
 * @param {{width?: number, height?: number, dpr?: number, fit?: string, format?: string, quality?: number | string,
 *   position?: string, preset?: string}} [variant]
 * @returns {string}
 */
export function imageUrl(edge, picture, variant = {}) {
  const [id, signature] = picture.split('?', 2);
  const asked = Object.entries(variant).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(asked.map(([name, value]) => [name, String(value)])).toString();
  // The signature is appended unchanged: it uses CloudFront's own alphabet and must not be encoded again.
  const all = [query, signature].filter(Boolean).join('&');
  return `${edge}/images/${encodeURIComponent(id)}${all && `?${all}`}`;
}

/** Return the srcset sizes of a picture, smallest first. The first one that covers the picture is the last, because the
 * service never enlarges. image_scaler/srcset.py implements the same rule.
 * @param {[number, number] | undefined} size  width and height of the picture in px; without it all widths are returned
 * @param {{ratio?: number, widths?: number[]}} [options]  `ratio` crops to width : height; for a tall crop `widths` are
 *   heights, because the service rounds the longer side
 * @returns {{width: number, height?: number, servedWidth: number}[]}
 */
export function steps(size, { ratio, widths = WIDTHS } = {}) {
  const rounded = (side) => Math.max(1, Math.floor(side + 0.5));
  let [across, down] = size ?? [Infinity, Infinity];
  if (ratio) [across, down] = [Math.min(across, down * ratio), Math.min(down, across / ratio)];
  const tall = ratio !== undefined && ratio < 1;
  const found = [];
  for (const side of [...new Set(widths)].sort((a, b) => a - b)) {
    const other = ratio && rounded(tall ? side * ratio : side / ratio);
    const [width, height] = tall ? [other, side] : [side, other];
    found.push({ width, ...(height && { height }), servedWidth: Math.min(width, rounded(across)) });
    if (side >= (tall ? down : across)) break;
  }
  return found;
}

/**
 * Return the value of a srcset attribute. It has no `dpr`: the browser multiplies the widths of `sizes` itself.
 * @param {[number, number] | undefined} size  see `steps`
 * @param {{ratio?: number, widths?: number[], fit?: string, format?: string, quality?: number | string}} [options]
 * @returns {string}
 */
export function imageSrcset(edge, picture, size, { ratio, widths, dpr, ...variant } = {}) {
  return steps(size, { ratio, widths })
    .map(({ servedWidth, ...sides }) => `${imageUrl(edge, picture, { ...variant, ...sides })} ${servedWidth}w`)
    .join(', ');
}

/**
 * Return the value of a srcset attribute for a picture that the page shows at a fixed size, by screen density.
 * @param {{width?: number, height?: number, preset?: string}} variant  the size in CSS px, and all of `imageUrl`
 * @returns {string}
 */
export function imageDensities(edge, picture, variant, densities = [1, 2, 3]) {
  return densities.map((dpr) => `${imageUrl(edge, picture, { ...variant, dpr })} ${dpr}x`).join(', ');
}

/** Set src and srcset of every <img data-picture="…" sizes="…"> in a page. The attributes width and height are the
 * picture's own size in px; `data-ratio="16/9"` crops, `data-placeholder` is the record's placeholder.
 */
export function loadPictures(edge, root = document) {
  for (const image of root.querySelectorAll('img[data-picture]')) {
    const { picture, placeholder, ratio = '' } = image.dataset;
    const [across, down] = ratio.split('/').map(Number);
    const size = ['width', 'height'].map((side) => Number(image.getAttribute(side)));
    showPicture(image, edge, picture, {
      size: size.every(Boolean) ? size : undefined,
      ratio: down ? across / down : undefined,
      placeholder,
    });
  }
}

/** Show a picture in an <img>, with its placeholder until the file is loaded.
 * @param {{size?: [number, number], ratio?: number, placeholder?: string}} [options]
 */
export function showPicture(image, edge, picture, { size, ratio, placeholder } = {}) {
  if (placeholder) {
    image.style.background = `center / cover no-repeat url(${placeholderUrl(placeholder)})`;
    image.addEventListener('load', () => (image.style.background = ''), { once: true });
  }
  image.srcset = imageSrcset(edge, picture, size, { ratio });
  const offered = steps(size, { ratio });
  const { servedWidth, ...middle } = offered[Math.min(1, offered.length - 1)];
  image.src = imageUrl(edge, picture, middle);
}

/** Send a file to S3 with the presigned request of an upload (`upload` in the API's response to POST /v1/images).
 * @param {{method: string, url: string, fields?: Record<string, string>, headers?: Record<string, string>}} upload
 * @param {Blob} file
 * @param {{onProgress?: (sent: number, total: number) => void, signal?: AbortSignal}} [options]
 * @returns {Promise<void>}  rejected with an Error that contains S3's code, such as EntityTooLarge
 */
export function sendFile(upload, file, { onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch reports no progress of what it sends
    request.open(upload.method, upload.url);
    if (onProgress) request.upload.onprogress = ({ loaded, total }) => onProgress(loaded, total);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) return resolve();
      const code = /<Code>([^<]*)<\/Code>/.exec(request.responseText)?.[1] ?? `HTTP ${request.status}`;
      return reject(Object.assign(new Error(`The upload was refused: ${code}`), { status: request.status, code }));
    };
    request.onerror = () => reject(new Error('The upload was interrupted, or the origin is not allowed to send it'));
    request.onabort = () => reject(new DOMException('The upload was cancelled', 'AbortError'));
    signal?.addEventListener('abort', () => request.abort());
    let body = file;
    if (upload.method === 'POST') {
      body = new FormData();
      for (const [name, value] of Object.entries(upload.fields)) body.append(name, value);
      body.append('file', file); // S3 reads no field behind the file
    } else {
      for (const [name, value] of Object.entries(upload.headers)) request.setRequestHeader(name, value);
    }
    request.send(body);
  });
}

/** Return a placeholder (ThumbHash, base64) as a data URL. */
export function placeholderUrl(placeholder) {
  const { width, height, rgba } = placeholderPixels(placeholder);
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d').putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas.toDataURL();
}

/**
 * Decode a placeholder: about 25 bytes that hold a few cosine terms each of luminance, two colour differences and
 * alpha. The format is Evan Wallace's ThumbHash (https://evanw.github.io/thumbhash/). @param {string} placeholder
 * base64 @returns {{width: number, height: number, rgba: Uint8ClampedArray}}  up to 32 px a side
 */
export function placeholderPixels(placeholder) {
  const bytes = Uint8Array.from(atob(placeholder), (character) => character.charCodeAt(0));
  const colors = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
  const shape = bytes[3] | (bytes[4] << 8);
  const hasAlpha = Boolean(colors >> 23);
  const isWide = Boolean(shape >> 15);
  const longer = hasAlpha ? 5 : 7;
  const [termsAcross, termsDown] = isWide ? [longer, shape & 7] : [shape & 7, longer];

  let nibble = (hasAlpha ? 6 : 5) * 2;
  const nextTerm = () => {
    const byte = bytes[nibble >> 1];
    return ((nibble++ & 1 ? byte >> 4 : byte & 15) / 7.5 - 1) * 2;
  };
  /** Read the terms of one channel except the constant one: [across, down, amplitude]. */
  const readTerms = (across, down, scale) => {
    const terms = [];
    for (let v = 0; v < down; v++) {
      for (let u = v ? 0 : 1; u * down < across * (down - v); u++) {
        terms.push([u, v, nextTerm() * scale]);
      }
    }
    return terms;
  };
  const saturation = 1.25; // the format's: rounding takes some of the colour away
  const [lScale, pScale, qScale] = [((colors >> 18) & 31) / 31, ((shape >> 3) & 63) / 63, ((shape >> 9) & 63) / 63];
  const signed = (sixBits) => sixBits / 31.5 - 1;
  const luminance = {
    constant: (colors & 63) / 63,
    terms: readTerms(Math.max(3, termsAcross), Math.max(3, termsDown), lScale),
  };
  const yellowBlue = { constant: signed((colors >> 6) & 63), terms: readTerms(3, 3, pScale * saturation) };
  const redGreen = { constant: signed((colors >> 12) & 63), terms: readTerms(3, 3, qScale * saturation) };
  const alpha = hasAlpha
    ? { constant: (bytes[5] & 15) / 15, terms: readTerms(5, 5, (bytes[5] >> 4) / 15) }
    : { constant: 1, terms: [] };

  const ratio = termsAcross / termsDown;
  const width = Math.round(ratio > 1 ? 32 : 32 * ratio);
  const height = Math.round(ratio > 1 ? 32 / ratio : 32);
  const rgba = new Uint8ClampedArray(width * height * 4);
  const valueAt = ({ constant, terms }, x, y) =>
    terms.reduce(
      (sum, [u, v, amplitude]) =>
        sum + amplitude * Math.cos((Math.PI / width) * (x + 0.5) * u) * Math.cos((Math.PI / height) * (y + 0.5) * v),
      constant,
    );
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const l = valueAt(luminance, x, y);
      const p = valueAt(yellowBlue, x, y);
      const q = valueAt(redGreen, x, y);
      const blue = l - (2 / 3) * p;
      const red = (3 * l - blue + q) / 2;
      rgba.set([red, red - q, blue, valueAt(alpha, x, y)].map((level) => Math.round(level * 255)), at);
    }
  }
  return { width, height, rgba };
}
