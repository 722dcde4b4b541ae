// Minifies CloudFront Functions: reads a JSON list of sources and writes the list of minified sources. It removes only
// comments, white space and names; `handler` keeps its name. Terser's compression is off: it turned `let` into code
// that Node runs and njs refuses ("assignment to constant variable").
import { minify } from 'terser';

let text = '';
for await (const chunk of process.stdin) text += chunk;
const options = { compress: false, mangle: { reserved: ['handler'], toplevel: true } };
const minified = [];
for (const code of JSON.parse(text)) minified.push((await minify(code, options)).code);
process.stdout.write(JSON.stringify(minified));
