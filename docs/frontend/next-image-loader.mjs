/**
 * The loader for next/image. In next.config.js:
 *
 *   images: { loader: 'custom', loaderFile: './next-image-loader.mjs' }
 * Set NEXT_PUBLIC_IMAGE_SCALER_EDGE=https://images.example.com in the environment, and in a page:
 *
 *   <Image src="01JD…" width={1200} height={800} alt="…" sizes="100vw" />
 * Append the signature to the id if viewers need one. All of Next.js's default device and image sizes are steps of
 * image-scaler's ladder. The edge selects the format by the browser's Accept header.
 */
import { imageUrl } from './image-scaler.mjs';

export default function imageScalerLoader({ src, width, quality }) {
  // Written in full, because Next.js replaces exactly this expression when it builds for browsers.
  return imageUrl(process.env.NEXT_PUBLIC_IMAGE_SCALER_EDGE, src, { width, quality });
}
