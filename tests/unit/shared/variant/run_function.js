// Runs a CloudFront Function: its code on the first line of stdin, then one event a line in, one answer a line out.
// Its code runs in a context with the globals of cloudfront-js alone, so that a use of Node's own would fail.
'use strict';

const readline = require('node:readline');
const vm = require('node:vm');

const context = vm.createContext({});
let handle;

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  if (!handle) {
    vm.runInContext(JSON.parse(line), context);
    handle = vm.runInContext('(event) => JSON.stringify(handler(JSON.parse(event)))', context);
    return;
  }
  process.stdout.write(`${handle(line)}\n`);
});
