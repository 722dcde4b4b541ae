// sharp with worker.py's protocol: reads and writes lines of JSON.
import { createInterface } from "node:readline";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const sharp = createRequire(`${process.env.BENCH_NODE_MODULES}/`)("sharp");
sharp.concurrency(1);
sharp.cache(false);

const OUR_EFFORT = { jpeg: {}, webp: { effort: 2 }, avif: { effort: 0 } };

for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  const body = readFileSync(ask.original);
  const options = { quality: ask.quality, ...(ask.effort === "ours" ? OUR_EFFORT[ask.format] : {}) };
  const started = process.hrtime.bigint();
  const encoded = await sharp(body).resize(ask.width)[ask.format](options).toBuffer();
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  if (ask.save) writeFileSync(ask.save, encoded);
  console.log(JSON.stringify({ ms, bytes: encoded.length }));
}
