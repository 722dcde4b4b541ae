// sharp with worker.py's protocol: reads and writes lines of JSON.
import { createInterface } from "node:readline";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const sharp = createRequire(`${process.env.BENCH_NODE_MODULES}/`)("sharp");
sharp.concurrency(1);
sharp.cache(false);

for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  const body = readFileSync(ask.original);
  const started = process.cpuUsage();
  const encoded = await sharp(body).resize(ask.width)[ask.format]({ quality: ask.quality }).toBuffer();
  const { user, system } = process.cpuUsage(started);
  const ms = (user + system) / 1000;
  if (ask.save) writeFileSync(ask.save, encoded);
  console.log(JSON.stringify({ ms, bytes: encoded.length }));
}
