/**
 * Addresses of pictures for web pages. No dependency, no build step; works in browsers and on servers.
 *
 * A picture is named by its id, with the query of a signature behind it where viewers need one:
 *   01JD…                                        viewer_access: public, or signed cookies
 *   01JD…?Policy=…&Signature=…&Key-Pair-Id=…     one signature for all sizes: image_policy() in image_scaler/signing.py
 */

/** The widths in px that image-scaler stores without rounding: ask for these, and nothing is made twice. */
export const WIDTHS = [320, 640, 828, 1280, 1920, 2560];

/**
 * Return the address of a picture in one width.
 * @param {string} edge  the edge's origin, such as https://images.example.com
 * @param {string} picture  id, with or without a signature behind it
 * @param {{width?: number, height?: number, fit?: string, format?: string, quality?: number | string}} [variant]
 * @returns {string}
 */
export function imageUrl(edge, picture, variant = {}) {
  const [id, signature] = picture.split('?', 2);
  const asked = Object.entries(variant).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(asked.map(([name, value]) => [name, String(value)])).toString();
  // The signature is put behind as it is: its characters are CloudFront's own and must not be encoded again.
  return `${edge}/images/${encodeURIComponent(id)}?${[query, signature].filter(Boolean).join('&')}`;
}

/**
 * Return the value of a srcset attribute: every width once, with its descriptor.
 * @param {(width: number) => object} [variantOf]  what to ask for in one width; the whole picture by default
 * @returns {string}
 */
export function imageSrcset(edge, picture, variantOf = (width) => ({ width })) {
  return WIDTHS.map((width) => `${imageUrl(edge, picture, variantOf(width))} ${width}w`).join(', ');
}

/**
 * Give every <img data-picture="…" sizes="…"> of a page its src and srcset. `data-ratio="16/9"` crops.
 */
export function loadPictures(edge, root = document) {
  for (const image of root.querySelectorAll('img[data-picture]')) {
    const { picture, ratio = '' } = image.dataset;
    const [across, down] = ratio.split('/').map(Number);
    const variantOf = (width) =>
      down ? { width, height: Math.round((width * down) / across), fit: 'cover' } : { width };
    image.srcset = imageSrcset(edge, picture, variantOf);
    image.src = imageUrl(edge, picture, variantOf(640));
  }
}
