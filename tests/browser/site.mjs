// Opens pages of a site in Chromium, as a reader does, and prints what came of each step in JSON.
//
//   node site.mjs MODULES URL FOLDER < steps.json
//
// MODULES is a folder with puppeteer-core, URL where the site is served, FOLDER its files. A step is
// {path or file, key, address?, folder?, seen?, show?, change?: {file, at}, day?}: the page is opened, the byte at
// `at` of `file` is changed while it is checked with `key`, and `day` is chosen afterwards. `address` and `folder`
// are for the page that checks any ledger. `show` is put on the page
// as a host would that serves another one to be read than to be checked. A step {path, look: {width,
// dark}} looks at the page instead: axe-core's findings, texts in pictures of little contrast, and
// whether the page scrolls sideways.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [modules, url, folder] = process.argv.slice(2);
const puppeteer = createRequire(join(resolve(modules), "x.js"))("puppeteer-core");
const axe = readFileSync(join(modules, "axe-core/axe.min.js"), "utf8");
const steps = JSON.parse(readFileSync(0, "utf8"));
const browser = await puppeteer.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync"],
});
const look = async (page, { path, look: { width, dark } }) => {
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: dark ? "dark" : "light" },
    { name: "prefers-reduced-motion", value: "reduce" },
  ]);
  await page.goto(url + path);
  await page.evaluate(axe);
  return page.evaluate(async () => {
    document.querySelectorAll("details").forEach((one) => { one.open = true; });
    const found = await axe.run();
    const luminance = (colour) => {
      const parts = colour.match(/[\d.]+/g).slice(0, 3).map((n) => n / 255);
      const [r, g, b] = parts.map((n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = luminance(getComputedStyle(document.body).backgroundColor);
    const faint = [...document.querySelectorAll("svg text")].filter((text) => {
      const ink = luminance(getComputedStyle(text).fill);
      return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05) < 4.5;
    });
    return {
      passes: found.passes.length,
      violations: found.violations.map((one) => [one.id, one.nodes[0].html]),
      faint: faint.map((text) => text.textContent),
      sideways: document.documentElement.scrollWidth > innerWidth,
    };
  });
};
const results = [];
for (const step of steps) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const hosts = new Set(), errors = [];
  page.on("request", (request) => {
    // What the browser draws itself has no host.
    if (request.url().startsWith("http")) hosts.add(new URL(request.url()).host);
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (line) => {
    // A browser asks for an icon of its own accord.
    const at = line.location().url || "";
    if (line.type() === "error" && !at.endsWith("/favicon.ico")) errors.push(line.text() + " " + at);
  });
  if (step.seen) {
    await page.goto(url + "robots.txt");
    await page.evaluate((name, seen) => localStorage.setItem(name, seen), url + "checkpoint", step.seen);
  }
  if (step.look) {
    results.push(await look(page, step));
    await context.close();
    continue;
  }
  // A page in one file is opened from the disk.
  await page.goto(step.file ? "file://" + resolve(folder, step.file) : url + step.path);
  if (step.show) await page.evaluate((html) => { document.body.insertAdjacentHTML("afterbegin", html); }, step.show);
  let held = null;
  const changed = step.change && join(folder, step.change.file);
  if (changed) {
    held = readFileSync(changed);
    const bytes = Buffer.from(held);
    bytes[step.change.at % bytes.length] ^= 1 << (step.change.at % 8);
    writeFileSync(changed, bytes);
  }
  try {
    if (step.address) await page.type("#address_", step.address);
    if (step.folder) await (await page.$("#folder_")).uploadFile(resolve(folder, step.folder));
    await page.focus("#key_");
    await page.keyboard.type(step.key);
    const start = Date.now();
    await page.focus("#run_");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#verdict_[data-verdict]", { timeout: 60000 });
    const found = await page.$eval("#verdict_", (box) => [box.dataset.verdict, box.innerText]);
    const result = { verdict: found[0], text: found[1], ms: Date.now() - start };
    result.body = await page.$eval("body", (body) => body.innerText);
    if (step.day) {
      await page.$eval("#day_", (input, day) => { input.value = day; input.dispatchEvent(new Event("change")); }, step.day);
      result.main = await page.$eval("#main_", (main) => main.innerText);
    }
    if (step.search) {
      await page.type("#words_", step.search);
      await page.focus("#search_");
      await page.keyboard.press("Enter");
      result.main = await page.$eval("#main_", (main) => main.innerText);
    }
    results.push({ ...result, hosts: [...hosts], errors });
  } finally {
    if (changed) writeFileSync(changed, held);
    await context.close();
  }
}
await browser.close();
process.stdout.write(JSON.stringify(results));
