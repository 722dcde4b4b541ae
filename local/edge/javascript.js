// Runs the template's CloudFront Functions, each in a context of its own, for the edge server's Python process.
// One JSON document a line: first {"functions": {name: code}}, then {"id", "name", "event"} again and again; each is
// answered by {"id", "result"} or {"id", "error"}.
'use strict';
const readline = require('node:readline');
const vm = require('node:vm');

const handlers = new Map();
readline.createInterface({ input: process.stdin, crlfDelay: Infinity }).on('line', (line) => {
  const message = JSON.parse(line);
  if (message.functions) {
    for (const [name, code] of Object.entries(message.functions)) {
      const context = vm.createContext({});
      vm.runInContext(code, context, { filename: name });
      handlers.set(name, vm.runInContext('(text) => JSON.stringify(handler(JSON.parse(text)))', context));
    }
    return;
  }
  let answer;
  try {
    answer = { id: message.id, result: handlers.get(message.name)(message.event) };
  } catch (error) {
    answer = { id: message.id, error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
});
