// Runs compiling.py in Pyodide: compiles the jobs on standard input with the Python 3.13 of package-lock.json.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPyodide } from "pyodide";

const HOST = "/host"; // the local file system in Pyodide
const jobs = JSON.parse(readFileSync(0, "utf8"));
const python = await loadPyodide({ env: { PYTHONHASHSEED: "0" } });
python.FS.mkdirTree(HOST);
python.mountNodeFS(HOST, "/");
python.FS.writeFile("/lib/compiling.py", readFileSync(join(dirname(fileURLToPath(import.meta.url)), "compiling.py")));
python.globals.set("jobs", JSON.stringify(jobs.map(([source, name, target]) => [HOST + source, name, HOST + target])));
try {
  python.runPython("import sys; sys.path.insert(0, '/lib'); import compiling; compiling.compile_files(jobs)");
} catch (error) {
  console.error(error.message); // Python's traceback only; rethrown, Node would print Pyodide's source first
  process.exitCode = 1;
}
