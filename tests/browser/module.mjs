// Asks the checker's module about a published folder, without a browser, and prints the answers.
//
//   node module.mjs MODULE FOLDER < requests.json
//
// The first of the requests sees the checkpoint and the manifest; then the files that the module
// needs are given to it, and the page of each check.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [file, folder] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(file));
const imports = WebAssembly.Module.imports(module).map((one) => one.name);
const calls = new WebAssembly.Instance(module, {}).exports;
const room = (bytes) => {
  const place = calls.heldto_room(bytes.length);
  new Uint8Array(calls.memory.buffer, place, bytes.length).set(bytes);
  return [place, bytes.length];
};
const put = (name, path) => {
  if (existsSync(join(folder, path))) calls.heldto_put(...room(Buffer.from(name)), ...room(readFileSync(join(folder, path))));
};
const ask = (request) => {
  const answer = BigInt.asUintN(64, calls.heldto_call(...room(Buffer.from(JSON.stringify(request)))));
  const place = Number(answer >> 32n), length = Number(answer & 0xffffffffn);
  const text = Buffer.from(calls.memory.buffer, place, length).toString();
  calls.heldto_take(place, length);
  return JSON.parse(text);
};
const answers = [];
for (const request of JSON.parse(readFileSync(0, "utf8"))) {
  if (request.do === "check") {
    put("checkpoint", "checkpoint");
    put("manifest.txt", "manifest.txt");
    const needs = ask({ do: "needs" });
    for (const path of [...(needs.required || []), ...(needs.older || [])]) put(path, path);
    put("page", request.page);
    const page = readFileSync(join(folder, request.page), "utf8");
    request.today = new Date().toISOString().slice(0, 10);
    request.settings = JSON.parse(page.match(/id="settings_">(.*?)<\/script>/)[1]);
  }
  answers.push(ask(request));
}
process.stdout.write(JSON.stringify({ imports, answers }));
