// Runs a CloudFront Function on events from stdin: one JSON line {"sizes", "event"} in, one JSON line out.
// Its code runs in a context with the globals of cloudfront-js alone, so that a use of Node's own would fail.
'use strict';

const fs = require('node:fs');
const readline = require('node:readline');
const vm = require('node:vm');

const [file, entry] = process.argv.slice(2);
const source = fs.readFileSync(file, 'utf8');
const handlers = {};

function handlerOf(sizes) {
  if (!handlers[sizes]) {
    const context = vm.createContext({});
    vm.runInContext(source.replace('__SIZES__', sizes), context);
    handlers[sizes] = (event) => JSON.parse(vm.runInContext(`JSON.stringify(${entry}(${JSON.stringify(event)}))`, context));
  }
  return handlers[sizes];
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { sizes, event } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(handlerOf(sizes)(event))}\n`);
});
