// Calls exported functions of docs/frontend/image-scaler.mjs: a JSON list of [name, arguments] on standard input,
// the list of results on standard output.
import { readFileSync } from 'node:fs';

const module = await import(process.argv[2]);
const calls = JSON.parse(readFileSync(0, 'utf8'));
const plain = (name, value) => (ArrayBuffer.isView(value) ? [...value] : value);
process.stdout.write(JSON.stringify(calls.map(([name, given]) => module[name](...given)), plain));
