// Generates the same files with sharp in the same order: decodes once, and scales each file from the same source.
//   node sharp_ingest_once.mjs ORIGINAL FILES_AS_JSON
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { peakMib } from "./memory.mjs";

const sharp = createRequire(`${process.env.BENCH_NODE_MODULES}/`)("sharp");
sharp.concurrency(1);
sharp.cache(false);

const body = readFileSync(process.argv[2]);
const files = JSON.parse(process.argv[3]).sort((one, other) => other.width - one.width);
const started = process.hrtime.bigint();
const whole = await sharp(body).autoOrient().raw().toBuffer({ resolveWithObject: true });
const made = new Map([[whole.info.width, whole]]);
let bytes = 0;
for (const file of files) {
  if (!made.has(file.width)) {
    const source = made.get(file.source);
    made.set(file.width, await sharp(source.data, { raw: source.info }).resize(file.width, file.height)
      .raw().toBuffer({ resolveWithObject: true }));
  }
  const pixels = made.get(file.width);
  const quality = file.name.startsWith("master") ? 92 : file.name.startsWith("proxy") ? 90 : 94;
  const encoded = await sharp(pixels.data, { raw: pixels.info }).jpeg({ quality, chromaSubsampling: "4:4:4" }).toBuffer();
  bytes += encoded.length;
}
const ms = Number(process.hrtime.bigint() - started) / 1e6;
console.log(JSON.stringify({ ms, mib: peakMib(), bytes }));
