// Prints the element that Next.js's own next/image makes with the loader of docs/frontend.
// Arguments: the picture (its id, with a signature behind it), its width and its height in px.
import image from 'next/image.js';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';

import loader from '../../docs/frontend/next-image-loader.mjs';

const [src, width, height] = process.argv.slice(2);
const { props } = image.getImageProps({
  src, width: Number(width), height: Number(height), alt: 'A picture', sizes: '100vw', loader,
});
process.stdout.write(renderToStaticMarkup(createElement('img', props)));
