// A cold start of the peer: sharp and S3's client, one original, one variant.
//   node sharp_once.mjs WIDTH
import { createRequire } from "node:module";
import { writeSync } from "node:fs";
import { peakMib } from "./memory.mjs";

const require = createRequire(`${process.env.BENCH_NODE_MODULES}/`);
const { S3Client, GetObjectCommand } = require("@aws-sdk/client-s3");
const sharp = require("sharp");
sharp.concurrency(1);

const s3 = new S3Client({ forcePathStyle: true });
const stored = await s3.send(new GetObjectCommand({ Bucket: "originals", Key: "original" }));
const body = Buffer.from(await stored.Body.transformToByteArray());
const encoded = await sharp(body).resize(Number(process.argv[2])).jpeg({ quality: 80 }).toBuffer();
writeSync(1, encoded);
writeSync(2, `\n${peakMib()}\n`);
process.exit(0);
