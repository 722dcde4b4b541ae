/**
 * The loader for next/image. In next.config.js:
 *
 *   images: { loader: 'custom', loaderFile: './next-image-loader.mjs' }
 *
 * in the environment NEXT_PUBLIC_IMAGE_SCALER_EDGE=https://images.example.com, and in a page:
 *
 *   <Image src="01JD…" width={1200} height={800} alt="…" sizes="100vw" />
 *
 * with the signature behind the id where viewers need one. All of Next.js's default device and image sizes are steps of
 * image-scaler's ladder. The format is chosen at the edge by what the browser accepts.
 */
import { imageUrl } from './image-scaler.mjs';

export default function imageScalerLoader({ src, width, quality }) {
  // Spelled in full: Next.js replaces this expression, and no other one, when it builds for browsers.
  return imageUrl(process.env.NEXT_PUBLIC_IMAGE_SCALER_EDGE, src, { width, quality });
}
