// The same as blur_once.py with sharp.blur, once: node sharp_blur_once.mjs RAW WIDTH HEIGHT SIGMA OUT
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

const sharp = createRequire(`${process.env.BENCH_NODE_MODULES}/`)("sharp");
sharp.concurrency(1);
sharp.cache(false);

const [raw, width, height, sigma, out] = process.argv.slice(2);
const data = readFileSync(raw);
const times = [];
for (let run = 0; run < 2; run += 1) {
  const started = process.hrtime.bigint();
  const soft = await sharp(data, { raw: { width: +width, height: +height, channels: 3 } }).blur(+sigma).raw().toBuffer();
  times.push(Number(process.hrtime.bigint() - started) / 1e6);
  if (run === 0) writeFileSync(out, soft);
}
console.log(JSON.stringify(times));
